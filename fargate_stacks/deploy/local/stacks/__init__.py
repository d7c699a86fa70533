"""CloudFormation's engine for the local cloud: how AWS carries out an operation on a stack."""
