from tests.journeys.conftest import window

__all__ = ["window"]
