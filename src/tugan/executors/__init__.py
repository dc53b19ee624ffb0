"""Work spread over one process, several, or a cluster; what the work is, nobody here knows."""
