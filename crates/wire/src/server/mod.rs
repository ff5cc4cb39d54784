//! Server side: decode requests, encode responses, streams and errors.
