import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;

/** Sums points per member with a persistent store, exactly once. */
public final class Totals {
    private static final ObjectMapper JSON = new ObjectMapper();

    public static void main(String[] arguments) {
        Map<String, String> environment = System.getenv();
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, environment.get("PEER_GROUP"));
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, environment.get("PEER_KAFKA"));
        settings.put("security.protocol", "SASL_PLAINTEXT");
        settings.put("sasl.mechanism", "SCRAM-SHA-512");
        settings.put("sasl.jaas.config", String.format(
                "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"%s\" password=\"%s\";",
                environment.get("PEER_KAFKA_USER"), environment.get("PEER_KAFKA_PASSWORD")));
        settings.put(StreamsConfig.STATE_DIR_CONFIG, environment.get("PEER_DIRECTORY"));
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
        settings.put(StreamsConfig.consumerPrefix("session.timeout.ms"), "10000");

        StreamsBuilder builder = new StreamsBuilder();
        builder.stream(environment.get("PEER_TOPIC"), Consumed.with(Serdes.String(), Serdes.ByteArray()))
                .groupByKey(Grouped.with(Serdes.String(), Serdes.ByteArray()))
                .aggregate(
                        () -> 0L,
                        (member, fact, total) -> total + points(fact),
                        Materialized.with(Serdes.String(), Serdes.Long()))
                .toStream()
                .mapValues(String::valueOf)
                .to(environment.get("PEER_OUTPUT"), Produced.with(Serdes.String(), Serdes.String()));

        KafkaStreams streams = new KafkaStreams(builder.build(), settings);
        Runtime.getRuntime().addShutdownHook(new Thread(streams::close));
        streams.start();
    }

    private static long points(byte[] fact) {
        try {
            return JSON.readTree(fact).path("data").path("points").asLong();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
