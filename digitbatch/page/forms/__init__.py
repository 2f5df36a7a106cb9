"""Printed forms: how a scan lies on a reference page, boxes, zones, and what is in them."""
