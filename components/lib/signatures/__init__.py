"""Signatures of charts, images and artifacts, verified by cosign and notation."""
