import java.io.File
import org.openapitools.client.infrastructure.Serializer
import org.openapitools.client.models.EventPage

/** Reads a page of a feed, and says of which class each event is. */
fun main(arguments: Array<String>) {
    val page = Serializer.gson.fromJson(File(arguments[0]).readText(), EventPage::class.java)
    page.data.forEach { println(it.actualInstance!!::class.simpleName) }
}
