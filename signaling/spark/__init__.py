"""The engine for more than one machine. Needs requirements-spark.txt and Java 17 or newer."""
