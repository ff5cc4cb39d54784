//! What our words mean, printed with every report: tools disagree.

/// Name and meaning of each figure.
pub(crate) const DEFINITIONS: [(&str, &str); 14] = [
    (
        "TTFT",
        "last byte of the request handed to the socket, to the first byte of the first non-empty visible content; role-only, null and empty deltas do not count",
    ),
    (
        "first token",
        "the same to the first token of any kind, reasoning included",
    ),
    (
        "first byte",
        "the same to the first byte of the response head",
    ),
    (
        "from schedule",
        "from the moment at which the request was meant to start: TTFT or E2E plus waiting in the client, connection set-up and sending; budgets are held against these",
    ),
    (
        "client wait",
        "from the intended start to the attempt: for a free slot (--max-in-flight), or because this machine was late",
    ),
    (
        "connect",
        "name lookup, TCP and TLS of requests that needed a new connection; in no TTFT, in every time from schedule",
    ),
    ("E2E", "last byte of the request to last byte of the answer"),
    (
        "TPOT",
        "(last visible chunk - first visible chunk) ÷ (visible output tokens - 1); none below 2 tokens",
    ),
    (
        "ITL",
        "gaps between content chunks of all answers; points without interval, because gaps of one answer depend on each other; within 0.2 %",
    ),
    ("longest pause", "the largest of these gaps per answer"),
    (
        "perceived wait",
        "what a reader of so many tokens a second waits in all: the least delay with which reading never runs dry; whole answers: E2E",
    ),
    (
        "requests/s, tokens/s",
        "what ended between the end of the warm-up and the last intended start; interval over 20 blocks of time",
    ),
    (
        "percentiles",
        "Harrell-Davis points with distribution-free 95 % intervals between order statistics; none where n is too small (p99 needs 368); where blocks of time differ, n counts as less",
    ),
    (
        "failed requests",
        "enter no distribution; timeouts and requests that never began count as longer than any value",
    ),
];
