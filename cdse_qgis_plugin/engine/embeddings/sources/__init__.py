"""Where embedding files come from: CDSE and other S3 services, web servers, this machine."""
