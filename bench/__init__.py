"""What a request and a token cost this app, beside what else could be deployed."""
