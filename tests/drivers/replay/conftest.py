from tests.drivers.card_reader.card_service import card_service

__all__ = ["card_service"]
