"""The public page on which a resident, or who helps one by telephone, sees where a case stands."""
