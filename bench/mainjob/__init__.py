"""Parts of bench/main-job."""
