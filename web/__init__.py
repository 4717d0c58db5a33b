"""The pages of Mingjian: they translate between people and `workflow`, and decide nothing."""

from web.app import create_app

__all__ = ["create_app"]
