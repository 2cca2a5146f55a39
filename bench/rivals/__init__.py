"""Adapters to what allcores is compared with; the optional ones may be absent."""
