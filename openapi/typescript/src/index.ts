export { RegistryClient, type ClientOptions } from "./client.js";
export { NoAnswerError, RegistryError, type Problem } from "./errors.js";
export {
  follow,
  GapError,
  PositionBeyondLogError,
  type Event,
  type EventType,
  type Followed,
  type FollowOptions,
} from "./follow.js";
export type { Answer, Method, Options, PathOf } from "./operations.js";
export {
  verifyWebhook,
  WebhookError,
  type TestMessage,
  type Webhook,
  type WebhookMessage,
  type WebhookReason,
} from "./webhook.js";
export type { components, operations, paths } from "./schema.js";
