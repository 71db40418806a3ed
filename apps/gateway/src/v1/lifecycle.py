"""The official PyPI client through the whole of /v1, unmodified; started by python-client.slow.test.ts."""
import io
import json
import sys
import time

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
assert client.fine_tuning.jobs.create(model=model, training_file=upload.id, suffix="unwanted").id != job.id
unwanted = client.fine_tuning.jobs.list(limit=1).data[0]
assert client.fine_tuning.jobs.pause(unwanted.id).status == "paused"
assert client.fine_tuning.jobs.resume(unwanted.id).status in ("validating_files", "queued")
assert client.fine_tuning.jobs.cancel(unwanted.id).status == "cancelled"
print("train", flush=True)  # Now the trainer may begin.

end = time.monotonic() + 60
while job.status not in ("succeeded", "failed", "cancelled"):
    assert time.monotonic() < end, job
    time.sleep(0.2)
    job = client.fine_tuning.jobs.retrieve(job.id)
assert job.status == "succeeded" and job.fine_tuned_model.startswith(f"ft:{model}:"), job
assert job.error is None and job.trained_tokens > 0
events = list(client.fine_tuning.jobs.list_events(job.id, limit=2))
assert {"message", "metrics"} <= {event.type for event in events}, events
checkpoints = list(client.fine_tuning.jobs.checkpoints.list(job.id))
assert [one.step_number for one in checkpoints] == [2, 1], checkpoints
assert client.files.content(job.result_files[0]).text.startswith("step,train_loss,"), job.result_files

for name in [job.fine_tuned_model, checkpoints[1].fine_tuned_model_checkpoint]:
    answer = client.chat.completions.with_raw_response.create(**{**ask, "model": name})
    assert answer.parse().model == name and "@" in answer.headers["x-parapet-adapter"], answer.headers
streamed = client.chat.completions.create(**{**ask, "model": job.fine_tuned_model}, stream=True)
assert "".join(chunk.choices[0].delta.content or "" for chunk in streamed) == " word word word"
assert job.fine_tuned_model in [one.id for one in client.models.list()]
assert client.models.delete(job.fine_tuned_model).deleted
assert job.fine_tuned_model not in [one.id for one in client.models.list()]
assert client.files.delete(upload.id).deleted

for call, error in [
    (lambda: openai.OpenAI(base_url=base_url, api_key="pk_live_x", max_retries=0).models.list(), openai.AuthenticationError),
    (lambda: client.chat.completions.create(**{**ask, "model": "none"}), openai.NotFoundError),
    (lambda: client.chat.completions.create(**ask, extra_body={"tools": []}), openai.BadRequestError),
    (lambda: client.files.retrieve(upload.id), openai.NotFoundError),
    (lambda: client.models.retrieve(job.fine_tuned_model), openai.NotFoundError),
    (lambda: client.chat.completions.create(**{**ask, "model": job.fine_tuned_model}), openai.NotFoundError),
    (lambda: client.files.create(file=("x.jsonl", io.BytesIO(b"[]")), purpose="fine-tune"), openai.BadRequestError),
]:
    try:
        call()
    except error as refused:
        assert refused.request_id.startswith("req_") and refused.body["message"], refused
    else:
        raise AssertionError(f"{error} was expected")
print("ok", openai.__version__)
