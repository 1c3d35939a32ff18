//! Guise's HTTP interface: the API, pictures, and the server's accept loop.
