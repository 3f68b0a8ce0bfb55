// A page of a feed as its type says it is, and each event told apart by its type.
import { feed } from "./feed.js";

for (const event of feed.data) {
  console.log(event.type === "review.changed" ? `${event.type}:${event.data.verification}` : event.type);
}
