"""Reads a tenant's events and documents with the official Python client, as a consumer would, and tries what it must not do.

The task is a JSON object on standard input. Each line of the output is {"step": ..., "value": ...} or, for what failed,
{"step": ..., "error": ...}. After the line of the step "watching" the watcher waits for one more document.
"""

import asyncio
import base64
import json
import re
import sys

import nats
from nacl.signing import SigningKey
from nats.js.api import ConsumerConfig, DeliverPolicy

PATIENCE = 20

task = json.loads(sys.stdin.read())
tenant, foreign = task["tenant"], task["foreign"]


def names(slug):
    return f"SMR_{slug.upper()}", f"smr_{slug}_merchants", f"smr.v1.{slug}.>"


def say(step, **what):
    print(json.dumps({"step": step, **what}), flush=True)


def login(file):
    """The token, and what signs with the seed, from a credentials file."""
    token, seed = re.findall(r"-----BEGIN[^\n]*\n([^\n]+)\n", open(file).read())
    # Two bytes say what kind of key it is, two are a checksum.
    key = SigningKey(base64.b32decode(seed + "=" * (-len(seed) % 8))[2:34])
    return {
        "user_jwt_cb": lambda: token.encode(),
        "signature_cb": lambda nonce: base64.b64encode(key.sign(nonce.encode()).signature),
    }


async def attempt(step, operation):
    if task.get("only", step) != step:
        return operation.close()
    try:
        say(step, value=await asyncio.wait_for(operation, PATIENCE))
    except Exception as error:
        say(step, error=f"{type(error).__name__}: {error}")


async def main():
    refusals = asyncio.Queue()

    async def on_error(error):
        refusals.put_nowait(str(error))

    client = await nats.connect(
        task["url"],
        **login(task["credentials"]),
        inbox_prefix=task["inbox"].encode(),
        error_cb=on_error,
        allow_reconnect=False,
    )
    js = client.jetstream(timeout=PATIENCE)
    stream, bucket, subjects = names(tenant)

    async def ordered():
        subscription = await js.subscribe(subjects, stream=stream, ordered_consumer=True)
        return [(await subscription.next_msg(PATIENCE)).headers["Registry-Seq"] for _ in range(task["messages"])]

    async def durable():
        subscription = await js.pull_subscribe(subjects, durable="python-durable", stream=stream)
        count = 0
        while count < task["messages"]:
            for message in await subscription.fetch(min(100, task["messages"] - count), timeout=PATIENCE):
                await message.ack_sync()
                count += 1
        pending = (await subscription.consumer_info()).num_pending
        await js.delete_consumer(stream, "python-durable")
        return [count, pending]

    async def stored():
        return (await js.get_msg(stream, seq=1)).headers["Registry-Seq"]

    async def get():
        store = await js.key_value(bucket)
        return json.loads((await store.get(task["merchant"])).value)["version"]

    async def keys():
        return sorted(await (await js.key_value(bucket)).keys())

    async def watch():
        watcher = await (await js.key_value(bucket)).watchall()
        found = {}
        while (entry := await watcher.updates(timeout=PATIENCE)) is not None:
            found[entry.key] = json.loads(entry.value)["version"]
        say("watching", value=found)
        update = await watcher.updates(timeout=PATIENCE)
        await watcher.stop()
        return [update.key, json.loads(update.value)["version"]]

    await attempt("account", account(js))
    await attempt("ordered", ordered())
    await attempt("durable", durable())
    await attempt("stored", stored())
    await attempt("get", get())
    await attempt("keys", keys())
    await attempt("watch", watch())
    if foreign is not None:
        await refused(client, js, refusals)
    await client.close()


async def account(js):
    await js.account_info()
    return True


async def refused(client, js, refusals):
    stream, bucket, subjects = names(tenant)
    their_stream, their_bucket, their_subjects = names(foreign)

    async def publish(subject):
        await client.publish(subject, b"{}")
        await client.flush()
        return "published"

    async def subscribe(subject):
        await client.subscribe(subject)
        await client.flush()
        return "subscribed"

    async def refusal(operation):
        """What the server says about it. A request that it refuses stays without an answer."""
        while not refusals.empty():
            refusals.get_nowait()
        told, doing = asyncio.ensure_future(refusals.get()), asyncio.ensure_future(operation)
        await asyncio.wait([told, doing], return_when=asyncio.FIRST_COMPLETED)
        # The client hands over what it was told a moment after it has read it.
        await asyncio.wait([told], timeout=1)
        if told.done():
            doing.cancel()
            raise PermissionError(told.result())
        told.cancel()
        return str(await doing)

    consumer = ConsumerConfig(name="python-foreign", deliver_policy=DeliverPolicy.ALL)
    update = {"name": stream, "subjects": [subjects], "description": "mine"}
    for step, operation in {
        "foreign stream": lambda: js.stream_info(their_stream),
        "foreign messages": lambda: js.get_msg(their_stream, seq=1),
        "foreign consumer": lambda: js.add_consumer(their_stream, consumer),
        "foreign bucket": lambda: js.key_value(their_bucket),
        "foreign document": lambda: js.get_msg(f"KV_{their_bucket}", subject=f"$KV.{their_bucket}.x", direct=True),
        "names of streams": lambda: js.find_stream_name_by_subject(their_subjects),
        "delete message": lambda: js.delete_msg(stream, 1),
        "delete document": lambda: js.delete_msg(f"KV_{bucket}", 1),
        "purge stream": lambda: js.purge_stream(stream),
        "purge bucket": lambda: js.purge_stream(f"KV_{bucket}"),
        "delete stream": lambda: js.delete_stream(stream),
        "delete bucket": lambda: js.delete_key_value(bucket),
        "change stream": lambda: js.update_stream(**update),
        "publish": lambda: publish(f"smr.v1.{tenant}.merchant.review.opened.{task['merchant']}"),
        "publish document": lambda: publish(f"$KV.{bucket}.{task['merchant']}"),
        "subscribe": lambda: subscribe(subjects),
        "subscribe to documents": lambda: subscribe(f"$KV.{bucket}.>"),
        "subscribe to all": lambda: subscribe(">"),
        "subscribe to inboxes": lambda: subscribe("_INBOX.>"),
    }.items():
        await attempt(f"refused: {step}", refusal(operation()))


asyncio.run(main())
