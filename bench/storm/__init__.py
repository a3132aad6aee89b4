"""Parts of bench/chaos."""
