"""An upstream for what the simulator does not do: resets of TCP and embeddings.

Every answer is written by hand. A path says the dialect, the model's name whether the connection is
reset before the head or in the middle of the body. Runs in threads of the checks' own process.
"""

import json
import socket
import struct
import threading

VECTOR = [0.25, -0.5, 1.0]


def start():
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    threading.Thread(target=accept, args=(listener,), daemon=True).start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def accept(listener):
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client,), daemon=True).start()


def serve(client):
    with client, client.makefile("rb") as reader:
        while line := reader.readline():
            path = line.split()[1].decode()
            length = 0
            while (header := reader.readline()) not in (b"\r\n", b""):
                name, _, value = header.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            body = reader.read(length).decode()
            if path.split("?")[0].endswith("/embeddings"):
                client.sendall(whole(embeddings(json.loads(body))))
            else:
                if "before_head" not in body + path:
                    client.sendall(half(path, body))
                # Lingering for no time makes the close a reset.
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return


def whole(answer):
    text = json.dumps(answer).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(text)}\r\n\r\n"
    return head.encode() + text


def embeddings(request):
    texts = request["input"] if isinstance(request["input"], list) else [request["input"]]
    data = [{"object": "embedding", "index": n, "embedding": VECTOR} for n, _ in enumerate(texts)]
    usage = {"prompt_tokens": 7, "total_tokens": 7}
    return {"object": "list", "model": request["model"], "data": data, "usage": usage}


def half(path, body):
    """A whole answer's beginning, or a stream's first token."""
    if '"stream":true' not in body.replace(" ", "") and "streamGenerateContent" not in path:
        return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9999\r\n\r\n{"
    if "generateContent" in path.replace("stream", "").replace("Generate", "generate"):
        events = [{"candidates": [{"index": 0, "content": {"parts": [{"text": "word"}]}}]}]
    elif path.endswith("/messages"):
        text = {"type": "text", "text": ""}
        events = [
            {"type": "message_start", "message": {"id": "m", "model": "m", "content": [], "usage": {}}},
            {"type": "content_block_start", "index": 0, "content_block": text},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "word"}},
        ]
    elif path.endswith("/responses"):
        place = {"output_index": 0, "content_index": 0, "item_id": "m", "logprobs": []}
        item = {"type": "message", "id": "m", "role": "assistant", "status": "in_progress", "content": []}
        part = {"type": "output_text", "text": "", "annotations": []}
        response = {"id": "r", "object": "response", "model": "m", "status": "in_progress", "output": []}
        events = [
            {"type": "response.created", "response": response},
            {"type": "response.output_item.added", "output_index": 0, "item": item},
            {"type": "response.content_part.added", **place, "part": part},
            {"type": "response.output_text.delta", **place, "delta": "word"},
        ]
        events = [{**event, "sequence_number": n} for n, event in enumerate(events)]
    else:
        choice = {"index": 0, "delta": {"role": "assistant", "content": "word"}, "finish_reason": None}
        events = [{"id": "c", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}]
    out = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    for event in events:
        text = f"data: {json.dumps(event)}\n\n".encode()
        out += f"{len(text):x}\r\n".encode() + text + b"\r\n"
    return out
