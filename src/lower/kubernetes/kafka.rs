//! Topics of Kafka, as Strimzi's operator takes them from objects.

use super::object::Object;
use crate::fact::Fact;
use crate::lower::read;
use crate::syntax::tree::NodeRef;

/// Whether an object declares the topic of this name in the cluster that a trigger of KEDA asks. Strimzi calls the Services of a
/// cluster `NAME-kafka-bootstrap` and `NAME-kafka-brokers`; any other address may be that of any cluster.
pub fn is_topic(object: &Object<'_>, name: &str, trigger: NodeRef<'_>) -> bool {
    let own = object.node.at("spec.topicName").is_none_or(|own| own.text() == name);
    let servers = trigger.at("metadata.bootstrapServers").map(NodeRef::text).unwrap_or_default();
    let asked = servers.split('.').next().and_then(|host| {
        host.split_once("-kafka-bootstrap")
            .or_else(|| host.split_once("-kafka-brokers"))
            .map(|(cluster, _)| cluster)
    });
    let cluster = object.label("strimzi.io/cluster").filter(|label| !label.is_unknown()).map(NodeRef::text);
    let apart = asked.zip(cluster).is_some_and(|(asked, cluster)| asked != cluster);
    object.group() == "kafka.strimzi.io" && own && !apart
}

/// How many partitions a topic is given. Where it does not say, the brokers do. (Strimzi, `KafkaTopicSpec.partitions`.)
pub fn partitions(topic: NodeRef<'_>) -> Fact<'_, f64> {
    let said = read::number(topic, "spec.partitions");
    if said.is_absent() { Fact::unknown("the brokers say how many partitions it has") } else { said }
}
