"""Placeholder."""
from fastapi import APIRouter
def router(settings, engine):
    return APIRouter()
