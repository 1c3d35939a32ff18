"""What an entry in the hosts file would do: lets the production names, and every name under localhost, lead to the server.

Clients that have upload.twitter.com written into them stay as published, and so do the URLs they sign.
"""

import urllib3.util.connection

PRODUCTION = ("api.twitter.com", "api.x.com", "upload.twitter.com", "upload.x.com")


def lead_to(server):
    connect = getattr(urllib3.util.connection.create_connection, "original", urllib3.util.connection.create_connection)

    def create_connection(address, *rest, **named):
        host, port = address
        if host in PRODUCTION:
            address = ("127.0.0.1", server.tls_port)
        elif host == "localhost" or host.endswith(".localhost"):
            address = ("127.0.0.1", port)
        return connect(address, *rest, **named)

    create_connection.original = connect
    urllib3.util.connection.create_connection = create_connection
