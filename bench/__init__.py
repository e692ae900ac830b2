"""What a streamed token costs this server, beside what else one would take."""
