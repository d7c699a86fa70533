"""What an account of AWS can show cheaply: `make aws-smoke`."""
