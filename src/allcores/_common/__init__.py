"""What every part needs: version, environment variables, processor count, deadlines."""
