// Reads a page of a feed, and says of which type each event is.
import { readFileSync } from "node:fs";
import { EventPageFromJSON } from "./typescript-fetch/models/EventPage.js";

const page = EventPageFromJSON(JSON.parse(readFileSync(process.argv[2]!, "utf8")));
for (const event of page.data) {
  // Only one of the types has this field.
  console.log(event.type === "review.changed" ? `${event.type}:${event.data.verification}` : event.type);
}
