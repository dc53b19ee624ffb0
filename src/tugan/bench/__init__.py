"""Experiments that say how well drags go: tasks, methods, measurements, reports."""
