"""The official PyPI client through the whole of /v1, unmodified; started by python-client.slow.test.ts."""
import io
import json
import sys

import openai

base_url, api_key, model = sys.argv[1:4]
client = openai.OpenAI(base_url=base_url, api_key=api_key, max_retries=0)
ask = {"model": model, "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 3}

assert model in [one.id for one in client.models.list()]
whole = client.chat.completions.create(**ask)
assert whole.choices[0].message.content == " word word word", whole
assert whole.usage.completion_tokens == 3

text, usage = "", None
for chunk in client.chat.completions.create(**ask, stream=True, stream_options={"include_usage": True}):
    text += "".join(choice.delta.content or "" for choice in chunk.choices)
    usage = chunk.usage or usage
assert text == " word word word" and usage.completion_tokens == 3, (text, usage)
assert client.completions.create(model=model, prompt="x", max_tokens=2).choices[0].text == " word word"

rows = "\n".join(json.dumps({"prompt": f"Question {i}", "completion": "yes"}) for i in range(12))
upload = client.files.create(file=("train.jsonl", io.BytesIO(rows.encode())), purpose="fine-tune")
assert client.files.content(upload.id).text == rows
job = client.fine_tuning.jobs.create(model=model, training_file=upload.id, seed=1)
assert job.id in [one.id for one in client.fine_tuning.jobs.list(limit=1)]
assert len(list(client.fine_tuning.jobs.list_events(job.id, limit=1))) >= 2
assert list(client.fine_tuning.jobs.checkpoints.list(job.id)) == []
assert client.fine_tuning.jobs.cancel(job.id).status == "cancelled"
assert client.files.delete(upload.id).deleted

for call, error in [
    (lambda: openai.OpenAI(base_url=base_url, api_key="pk_live_x", max_retries=0).models.list(), openai.AuthenticationError),
    (lambda: client.chat.completions.create(**{**ask, "model": "none"}), openai.NotFoundError),
    (lambda: client.chat.completions.create(**ask, extra_body={"tools": []}), openai.BadRequestError),
    (lambda: client.files.retrieve(upload.id), openai.NotFoundError),
]:
    try:
        call()
    except error as refused:
        assert refused.request_id.startswith("req_") and refused.body["message"], refused
    else:
        raise AssertionError(f"{error} was expected")
print("ok", openai.__version__)
