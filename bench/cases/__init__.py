"""One question a file. bench/README.md says how to add one."""
