"""What a streamed token costs this server, beside the tutorial handler's."""
