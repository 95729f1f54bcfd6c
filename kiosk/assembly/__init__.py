"""Settings -> a Terminal; run, demo and rehearse share it. The one room that names real drivers."""
