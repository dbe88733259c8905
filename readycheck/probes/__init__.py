"""One file per probe, file name = probe id. A new probe is a new file here and nothing else."""
