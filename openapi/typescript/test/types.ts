// What the compiler lets through, and what it does not. Nothing of this runs.
import { follow, verifyWebhook, type RegistryClient } from "submerchant-registry";

export async function calls(client: RegistryClient): Promise<void> {
  const { status, body } = await client.request("POST", "/v1/merchants", {
    body: { member_code: "acad-1", merchant_code: "store-1" },
  });
  status satisfies 201;
  body.id satisfies string;
  const link = await client.request("POST", "/v1/merchants/{id}/registration-links", { params: { id: body.id } });
  link.body satisfies object;
  const list = await client.request("GET", "/v1/merchants", { query: { status: ["in_review"], limit: 10 } });
  list.body.data[0]?.id satisfies string | undefined;
  await client.request("GET", "/v1/merchants");
  await client.request("PATCH", "/v1/merchants/{id}", {
    params: { id: body.id },
    headers: { "If-Match": '"1"' },
    body: { branch_name: null },
  });
  const rows = await client.request("GET", "/v1/jobs/{id}/rows.csv", { params: { id: "job_1" } });
  rows.body satisfies string;
  const gone = await client.request("DELETE", "/v1/views/{view_id}", { params: { view_id: "viw_1" } });
  gone.body satisfies undefined;
  await client.request("POST", "/v1/imports", { body: "a,b\n", contentType: "text/csv" });

  // @ts-expect-error There is no such path.
  await client.request("GET", "/v1/merchant");
  // @ts-expect-error The path has no such method.
  await client.request("PUT", "/v1/merchants", {});
  // @ts-expect-error The body is missing.
  await client.request("POST", "/v1/merchants");
  // @ts-expect-error So are the parameters of the path.
  await client.request("GET", "/v1/merchants/{id}", {});
  // @ts-expect-error And this header, which nobody can make up.
  await client.request("DELETE", "/v1/merchants/{id}", { params: { id: "mer_1" } });
  // @ts-expect-error There is no such parameter.
  await client.request("GET", "/v1/merchants", { query: { state: ["in_review"] } });
  // @ts-expect-error Nor such a word.
  await client.request("GET", "/v1/merchants", { query: { status: ["in-review"] } });
  const params = { id: body.id };
  // @ts-expect-error A repeat asks again, whatever the key.
  await client.request("POST", "/v1/merchants/{id}/reconciliations", { params, headers: { "Idempotency-Key": "a" } });
  // @ts-expect-error A file says what it is.
  await client.request("POST", "/v1/imports", { body: "a,b\n" });
  // @ts-expect-error A stream has no end.
  await client.request("GET", "/v1/events/stream");
}

export async function events(client: RegistryClient): Promise<void> {
  for await (const { event, position } of follow(client, { after: 0, types: ["review.changed"] })) {
    position satisfies number;
    if (event.type === "review.changed") {
      event.data.verification satisfies string;
      // @ts-expect-error Only other events have this.
      event.data.verdict;
    }
  }
}

export function webhook(headers: Headers): void {
  const message = verifyWebhook({ secret: "whsec_", headers, body: "" });
  if (message.type === "event_destination.test") {
    message.text satisfies string;
  } else {
    message.seq satisfies number;
  }
}
