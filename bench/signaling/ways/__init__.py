"""Ways to get from event files to stays: ours, the floors, and what one would use instead.

Each module has `run(job)`: it prepares, does its work within `job.measured.timed()`, and leaves its
stays in `job.out`, a Parquet file of imsi, city_code and whatever else it knows of them.
"""
