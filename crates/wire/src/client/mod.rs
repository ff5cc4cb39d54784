//! Client side: encode requests, decode responses, streams, errors, limits.
