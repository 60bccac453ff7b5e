import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;

/** Java's own HTTP client as it comes: it offers HTTP/2 (Upgrade: h2c) with each first request. Arguments: URL, and a body to POST. */
public class HttpClientAsk {
  public static void main(String[] args) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(args[0]));
    if (args.length > 1) request.header("content-type", "application/json").POST(BodyPublishers.ofString(args[1]));
    var response = HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofByteArray());
    System.out.println(response.statusCode() + " " + response.version() + " " + response.body().length);
  }
}
