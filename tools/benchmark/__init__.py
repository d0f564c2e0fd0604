"""Measures corm against pgbench, raw libpq and other libraries; tools/bench starts it, docs/performance.md explains."""
