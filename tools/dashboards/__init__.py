"""The dashboards of deploy/grafana, described here and written by `python -m tools.dashboards`."""
