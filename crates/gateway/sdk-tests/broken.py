"""An endpoint that does everything wrong in good order: whatever it is asked, it gives a short answer that ends well.

The checks must find that of each of them. Text is cut after two letters, an answer in a schema is another one, calls of
tools are left out, vectors are short, and nothing is ever an error. Runs in threads of the checks' own process.
"""

import http.server
import json
import threading

USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
USAGE_OF_RESPONSES = {
    "input_tokens": 1, "output_tokens": 1, "total_tokens": 2,
    "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0},
}


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        # What is no JSON would be an error of the packages' own.
        text = '{"ok": false}' if "json_schema" in json.dumps(request) else "Gr"
        if self.path.endswith("/embeddings"):
            data = [{"object": "embedding", "index": 0, "embedding": [0.0]}]
            return self.whole({"object": "list", "model": "m", "data": data, "usage": USAGE})
        answers = {"/chat/completions": chat, "/responses": responses, "/messages": messages}
        answer = next(answer for path, answer in answers.items() if self.path.endswith(path))
        whole, events = answer(text)
        return self.events(events) if request.get("stream") else self.whole(whole)

    def whole(self, answer):
        self.send("application/json", json.dumps(answer))

    def events(self, events):
        named = (f"event: {event['type']}\n" if "type" in event else "" for event in events)
        text = "".join(f"{name}data: {json.dumps(event)}\n\n" for name, event in zip(named, events))
        self.send("text/event-stream", text + "data: [DONE]\n\n" if "choices" in events[0] else text)

    def send(self, kind, text):
        body = text.encode()
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def start():
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def chat(text):
    head = {"id": "c", "created": 1, "model": "m"}
    message = {"role": "assistant", "content": text, "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    whole = {**head, "object": "chat.completion", "choices": [choice], "usage": USAGE}
    chunk = {**head, "object": "chat.completion.chunk"}
    parts = [({"role": "assistant", "content": text}, None), ({}, "stop")]
    events = [{**chunk, "choices": [{"index": 0, "delta": delta, "finish_reason": end}]} for delta, end in parts]
    return whole, events


def responses(text):
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    item = {"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [part]}
    whole = {
        "id": "r", "object": "response", "created_at": 1, "model": "m", "status": "completed", "output": [item],
        "usage": USAGE_OF_RESPONSES, "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
        "error": None, "incomplete_details": None, "instructions": None, "metadata": {}, "temperature": 1.0, "top_p": 1.0,
    }
    place = {"output_index": 0, "content_index": 0, "item_id": "m"}
    events = [
        {"type": "response.created", "response": {**whole, "status": "in_progress", "output": []}},
        {"type": "response.output_item.added", "output_index": 0, "item": {**item, "status": "in_progress", "content": []}},
        {"type": "response.content_part.added", **place, "part": {**part, "text": ""}},
        {"type": "response.output_text.delta", **place, "delta": text, "logprobs": []},
        {"type": "response.output_text.done", **place, "text": text, "logprobs": []},
        {"type": "response.content_part.done", **place, "part": part},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": whole},
    ]
    return whole, [{**event, "sequence_number": n} for n, event in enumerate(events)]


def messages(text):
    usage = {"input_tokens": 1, "output_tokens": 1}
    head = {"id": "m", "type": "message", "role": "assistant", "model": "m", "stop_sequence": None, "usage": usage}
    whole = {**head, "stop_reason": "end_turn", "content": [{"type": "text", "text": text}]}
    events = [
        {"type": "message_start", "message": {**head, "stop_reason": None, "content": []}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 1}},
        {"type": "message_stop"},
    ]
    return whole, events
