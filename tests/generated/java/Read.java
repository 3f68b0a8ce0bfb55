import java.io.File;
import java.io.IOException;
import org.openapitools.client.ApiClient;
import org.openapitools.client.model.Event;
import org.openapitools.client.model.EventPage;

/** Reads a page of a feed, and says of which class each event is. */
class Read {
    public static void main(String[] arguments) throws IOException {
        EventPage page = ApiClient.createDefaultObjectMapper().readValue(new File(arguments[0]), EventPage.class);
        for (Event event : page.getData()) {
            System.out.println(event.getActualInstance().getClass().getSimpleName());
        }
    }
}
