//! How each dialect spells a property, and what AWS takes where it is missing, with the primary source beside each.
//!
//! A spelling is a path; the first one that a file has counts. Where a dialect has no such property its list is empty.

use super::cloud::Dialect;
use crate::fact::Default;

/// The spellings of a property.
#[derive(Debug)]
pub struct Field {
    cloudformation: &'static [&'static str],
    terraform: &'static [&'static str],
    serverless: &'static [&'static str],
}

impl Field {
    /// Its spellings in a dialect.
    pub fn of(&self, dialect: Dialect) -> &'static [&'static str] {
        match dialect {
            Dialect::CloudFormation => self.cloudformation,
            Dialect::Terraform => self.terraform,
            Dialect::Serverless => self.serverless,
        }
    }
}

macro_rules! fields {
    ($($name:ident: $cloudformation:expr, $terraform:expr, $serverless:expr;)*) => {
        $(
            #[doc = concat!("As in the Resource and Property Reference of CloudFormation: `", stringify!($name), "`.")]
            pub static $name: Field =
                Field { cloudformation: &$cloudformation, terraform: &$terraform, serverless: &$serverless };
        )*
    };
}

// The spellings of serverless.yml are those of its own `functions` and events, by the first of which a person is told; its
// `resources` are CloudFormation, so where both can stand, both do.
fields! {
    // AWS::SQS::Queue; aws_sqs_queue.
    QUEUE_NAME: ["QueueName"], ["name"], ["QueueName"];
    FIFO: ["FifoQueue"], ["fifo_queue"], ["FifoQueue"];
    RETENTION: ["MessageRetentionPeriod"], ["message_retention_seconds"], ["MessageRetentionPeriod"];
    VISIBILITY: ["VisibilityTimeout"], ["visibility_timeout_seconds"], ["VisibilityTimeout"];
    REDRIVE: ["RedrivePolicy"], ["redrive_policy"], ["RedrivePolicy"];
    DEAD_LETTER_TARGET: ["RedrivePolicy.deadLetterTargetArn"], ["redrive_policy.deadLetterTargetArn"], ["RedrivePolicy.deadLetterTargetArn"];
    MAX_RECEIVES: ["RedrivePolicy.maxReceiveCount"], ["redrive_policy.maxReceiveCount"], ["RedrivePolicy.maxReceiveCount"];
    // aws_sqs_queue_redrive_policy, aws_sqs_queue_policy; AWS::SQS::QueuePolicy.
    QUEUE_URL: [], ["queue_url"], [];
    POLICY_QUEUES: ["Queues", "Queue"], ["queue_url"], ["Queues", "Queue"];
    POLICY: ["PolicyDocument"], ["policy"], ["PolicyDocument"];

    QUEUE_OWN_POLICY: [], ["policy"], [];

    // AWS::SNS::Topic, AWS::SNS::Subscription; aws_sns_topic, aws_sns_topic_subscription.
    TOPIC_NAME: ["TopicName"], ["name"], ["TopicName"];
    TOPIC_SUBSCRIPTIONS: ["Subscription"], [], ["Subscription"];
    SUBSCRIPTION_TOPIC: ["TopicArn", "Topic"], ["topic_arn"], ["TopicArn", "arn", "topicName", "sns"];
    SUBSCRIPTION_ENDPOINT: ["Endpoint"], ["endpoint"], ["Endpoint"];
    SUBSCRIPTION_PROTOCOL: ["Protocol"], ["protocol"], ["Protocol"];
    SUBSCRIPTION_DEAD_LETTER: ["RedrivePolicy.deadLetterTargetArn"], ["redrive_policy.deadLetterTargetArn"],
        ["redrivePolicy.deadLetterTargetArn", "redrivePolicy.deadLetterTargetRef", "RedrivePolicy.deadLetterTargetArn"];

    // AWS::Lambda::Function, AWS::Serverless::Function; aws_lambda_function; functions of serverless.yml.
    FUNCTION_NAME: ["FunctionName"], ["function_name"], ["name", "FunctionName"];
    TIMEOUT: ["Timeout"], ["timeout"], ["timeout", "Timeout"];
    PROVIDER_TIMEOUT: [], [], ["provider.timeout"];
    STREAM_TYPE: [], [], ["type"];
    RESERVED: ["ReservedConcurrentExecutions"], ["reserved_concurrent_executions"], ["reservedConcurrency", "ReservedConcurrentExecutions"];
    FUNCTION_DEAD_LETTER: ["DeadLetterConfig.TargetArn", "DeadLetterQueue.TargetArn"], ["dead_letter_config.target_arn"],
        ["onError", "DeadLetterConfig.TargetArn"];
    FUNCTION_ON_FAILURE: ["EventInvokeConfig.DestinationConfig.OnFailure.Destination"], [],
        ["destinations.onFailure.arn", "destinations.onFailure"];
    FUNCTION_RETRIES: ["EventInvokeConfig.MaximumRetryAttempts"], [], ["maximumRetryAttempts"];
    // AWS::Lambda::EventInvokeConfig; aws_lambda_function_event_invoke_config.
    INVOKED_FUNCTION: ["FunctionName"], ["function_name"], ["FunctionName"];
    INVOKE_ON_FAILURE: ["DestinationConfig.OnFailure.Destination"], ["destination_config.on_failure.destination"],
        ["DestinationConfig.OnFailure.Destination"];
    INVOKE_RETRIES: ["MaximumRetryAttempts"], ["maximum_retry_attempts"], ["MaximumRetryAttempts"];
    // AWS::Lambda::Permission; aws_lambda_permission.
    PRINCIPAL: ["Principal"], ["principal"], ["Principal"];

    // AWS::Lambda::EventSourceMapping, events of SAM; aws_lambda_event_source_mapping; events of serverless.yml.
    SOURCE: ["EventSourceArn", "Queue", "Stream"], ["event_source_arn"], ["EventSourceArn", "arn", "sqs", "stream"];
    BATCH: ["BatchSize"], ["batch_size"], ["batchSize", "BatchSize"];
    WINDOW: ["MaximumBatchingWindowInSeconds"], ["maximum_batching_window_in_seconds"],
        ["maximumBatchingWindow", "batchWindow", "MaximumBatchingWindowInSeconds"];
    RESPONSE_TYPES: ["FunctionResponseTypes"], ["function_response_types"], ["functionResponseType", "FunctionResponseTypes"];
    ENABLED: ["Enabled"], ["enabled"], ["enabled", "Enabled"];
    ATTEMPTS: ["MaximumRetryAttempts"], ["maximum_retry_attempts"], ["maximumRetryAttempts", "MaximumRetryAttempts"];
    MAX_AGE: ["MaximumRecordAgeInSeconds"], ["maximum_record_age_in_seconds"], ["maximumRecordAgeInSeconds", "MaximumRecordAgeInSeconds"];
    BISECT: ["BisectBatchOnFunctionError"], ["bisect_batch_on_function_error"], ["bisectBatchOnFunctionError", "BisectBatchOnFunctionError"];
    MAX_CONCURRENCY: ["ScalingConfig.MaximumConcurrency"], ["scaling_config.maximum_concurrency"],
        ["maximumConcurrency", "ScalingConfig.MaximumConcurrency"];
    MAPPING_ON_FAILURE: ["DestinationConfig.OnFailure.Destination"], ["destination_config.on_failure.destination_arn"],
        ["destinations.onFailure.arn", "destinations.onFailure", "DestinationConfig.OnFailure.Destination"];

    // AWS::Events::Rule and its targets, AWS::Scheduler::Schedule; aws_cloudwatch_event_target, aws_scheduler_schedule.
    RULE_TARGETS: ["Targets"], [], ["Targets"];
    SCHEDULE_EXPRESSION: ["ScheduleExpression"], ["schedule_expression"], ["ScheduleExpression"];
    RULE_STATE: ["State"], ["state"], ["State"];
    TARGET_ARN: ["Arn"], ["arn"], ["Arn"];
    RULE_OF_TARGET: [], ["rule"], [];
    TARGET_DEAD_LETTER: ["DeadLetterConfig.Arn"], ["dead_letter_config.arn"],
        ["deadLetterQueueArn", "deadLetterConfig", "DeadLetterConfig.Arn"];
    SAM_DEAD_LETTER_TYPE: ["DeadLetterConfig.Type"], [], [];
    SCHEDULE_TARGET: ["Target.Arn"], ["target.arn"], ["Target.Arn"];
    SCHEDULE_DEAD_LETTER: ["Target.DeadLetterConfig.Arn"], ["target.dead_letter_config.arn"], ["Target.DeadLetterConfig.Arn"];

    // AWS::Pipes::Pipe; aws_pipes_pipe.
    PIPE_SOURCE: ["Source"], ["source"], ["Source"];
    PIPE_TARGET: ["Target"], ["target"], ["Target"];
    PIPE_STATE: ["DesiredState"], ["desired_state"], ["DesiredState"];
    // What it says of its source; in that, the names are those of an event source mapping and of a target.
    PIPE_QUEUE: ["SourceParameters.SqsQueueParameters"], ["source_parameters.sqs_queue_parameters"],
        ["SourceParameters.SqsQueueParameters"];
    PIPE_KINESIS: ["SourceParameters.KinesisStreamParameters"], ["source_parameters.kinesis_stream_parameters"],
        ["SourceParameters.KinesisStreamParameters"];
    PIPE_DYNAMODB: ["SourceParameters.DynamoDBStreamParameters"], ["source_parameters.dynamodb_stream_parameters"],
        ["SourceParameters.DynamoDBStreamParameters"];
    PIPE_BISECT: ["OnPartialBatchItemFailure"], ["on_partial_batch_item_failure"], ["OnPartialBatchItemFailure"];

    // AWS::CloudWatch::Alarm and CompositeAlarm; aws_cloudwatch_metric_alarm, aws_cloudwatch_composite_alarm.
    ALARM_NAME: ["AlarmName"], ["alarm_name"], ["AlarmName"];
    NAMESPACE: ["Namespace"], ["namespace"], ["Namespace"];
    METRIC: ["MetricName"], ["metric_name"], ["MetricName"];
    DIMENSIONS: ["Dimensions"], ["dimensions"], ["Dimensions"];
    METRICS: ["Metrics"], ["metric_query"], ["Metrics"];
    QUERY_METRIC: ["MetricStat.Metric"], ["metric"], ["MetricStat.Metric"];
    QUERY_EXPRESSION: ["Expression"], ["expression"], ["Expression"];
    COMPARISON: ["ComparisonOperator"], ["comparison_operator"], ["ComparisonOperator"];
    THRESHOLD: ["Threshold"], ["threshold"], ["Threshold"];
    PERIOD: ["Period"], ["period"], ["Period"];
    PERIODS: ["EvaluationPeriods"], ["evaluation_periods"], ["EvaluationPeriods"];
    DATAPOINTS: ["DatapointsToAlarm"], ["datapoints_to_alarm"], ["DatapointsToAlarm"];
    STATISTIC: ["Statistic", "ExtendedStatistic"], ["statistic", "extended_statistic"], ["Statistic", "ExtendedStatistic"];
    MISSING_DATA: ["TreatMissingData"], ["treat_missing_data"], ["TreatMissingData"];
    ACTIONS: ["AlarmActions"], ["alarm_actions"], ["AlarmActions"];
    OK_ACTIONS: ["OKActions"], ["ok_actions"], ["OKActions"];
    NO_DATA_ACTIONS: ["InsufficientDataActions"], ["insufficient_data_actions"], ["InsufficientDataActions"];
    ACTIONS_ENABLED: ["ActionsEnabled"], ["actions_enabled"], ["ActionsEnabled"];

    // AWS::Lambda::Function `Environment`; aws_lambda_function; functions of serverless.yml.
    VARIABLES: ["Environment.Variables"], ["environment.variables"], ["environment", "Environment.Variables"];

    // AWS::ApiGateway::Stage, AWS::ApiGatewayV2::Stage, AWS::Serverless::Api and HttpApi; aws_api_gateway_stage and
    // aws_apigatewayv2_stage.
    STAGE_API: ["RestApiId", "ApiId"], ["rest_api_id", "api_id"], ["RestApiId", "ApiId"];
    STAGE_METHODS: ["MethodSettings"], [], ["MethodSettings"];
    STAGE_DEFAULT: ["DefaultRouteSettings"], ["default_route_settings"], ["DefaultRouteSettings"];
    STAGE_ROUTES: ["RouteSettings"], ["route_settings"], ["RouteSettings"];
    API_ENDPOINT: ["EndpointConfiguration"], ["endpoint_configuration"], ["EndpointConfiguration"];

    // AWS::ApiGateway::Method, AWS::ApiGatewayV2::Integration; aws_api_gateway_integration, aws_apigatewayv2_integration.
    INTEGRATION_URI: ["Integration.Uri", "IntegrationUri"], ["uri", "integration_uri"], ["Integration.Uri", "IntegrationUri"];
    INTEGRATION_TIMEOUT: ["Integration.TimeoutInMillis", "TimeoutInMillis"], ["timeout_milliseconds"],
        ["Integration.TimeoutInMillis", "TimeoutInMillis"];
    INTEGRATION_HEADERS: ["Integration.RequestParameters"], ["request_parameters"], ["Integration.RequestParameters"];
}

const SQS: &str = "SQS";
const LAMBDA: &str = "Lambda";

/// AWS::SQS::Queue `MessageRetentionPeriod`: "the default value is 345,600 seconds (4 days)".
pub static RETENTION_DEFAULT: Default<f64> = Default::of(SQS, "MessageRetentionPeriod", 345_600.0, "4 days");
/// AWS::SQS::Queue `VisibilityTimeout`: "If you don't specify a value, AWS CloudFormation uses the default value of 30 seconds."
pub static VISIBILITY_DEFAULT: Default<f64> = Default::of(SQS, "VisibilityTimeout", 30.0, "30 s");
/// AWS::SQS::Queue `FifoQueue`: "If you don't specify this property, Amazon SQS creates a standard queue."
pub static FIFO_DEFAULT: Default<bool> = Default::of(SQS, "FifoQueue", false, "false");

/// AWS::Lambda::Function `Timeout`: "The default is 3 seconds."
pub static TIMEOUT_DEFAULT: Default<f64> = Default::of(LAMBDA, "Timeout", 3.0, "3 s");
/// Serverless Framework, `provider.timeout`: "default is 6".
pub static SERVERLESS_TIMEOUT_DEFAULT: Default<f64> =
    Default::of("the Serverless Framework", "timeout", 6.0, "6 s");
/// AWS::Lambda::EventInvokeConfig `MaximumRetryAttempts`: 0 to 2; Lambda Developer Guide, "How Lambda handles errors and retries
/// with asynchronous invocation": "By default, Lambda retries an errored invocation up to two times".
pub static RETRIES_DEFAULT: Default<f64> = Default::of(LAMBDA, "MaximumRetryAttempts", 2.0, "2");

/// AWS::Lambda::EventSourceMapping `BatchSize`: "Amazon Simple Queue Service – Default 10."
pub static QUEUE_BATCH_DEFAULT: Default<f64> = Default::of(LAMBDA, "BatchSize", 10.0, "10");
/// AWS::Lambda::EventSourceMapping `BatchSize`: "Amazon Kinesis – Default 100. Amazon DynamoDB Streams – Default 100."
pub static STREAM_BATCH_DEFAULT: Default<f64> = Default::of(LAMBDA, "BatchSize", 100.0, "100");
/// AWS::Lambda::EventSourceMapping `MaximumBatchingWindowInSeconds`: "Default (Kinesis, DynamoDB, Amazon SQS event sources): 0".
pub static WINDOW_DEFAULT: Default<f64> = Default::of(LAMBDA, "MaximumBatchingWindowInSeconds", 0.0, "0");
/// AWS::Lambda::EventSourceMapping `MaximumRetryAttempts`: "The default value is -1, which sets the maximum number of retries to
/// infinite."
pub static ATTEMPTS_DEFAULT: Default<f64> =
    Default::of(LAMBDA, "MaximumRetryAttempts", f64::INFINITY, "-1, for ever");
/// AWS::Lambda::EventSourceMapping `MaximumRecordAgeInSeconds`: "The default value is -1, which sets the maximum age to infinite."
pub static MAX_AGE_DEFAULT: Default<f64> =
    Default::of(LAMBDA, "MaximumRecordAgeInSeconds", f64::INFINITY, "-1, for ever");
/// AWS::Lambda::EventSourceMapping `BisectBatchOnFunctionError`: "The default value is false."
pub static BISECT_DEFAULT: Default<bool> = Default::of(LAMBDA, "BisectBatchOnFunctionError", false, "false");
/// AWS::Lambda::EventSourceMapping `FunctionResponseTypes`: a list that is empty where nothing is written.
pub static PARTIAL_DEFAULT: Default<bool> = Default::of(LAMBDA, "FunctionResponseTypes", false, "none");
/// AWS::Lambda::EventSourceMapping `Enabled`: "Default: True".
pub static ENABLED_DEFAULT: Default<bool> = Default::of(LAMBDA, "Enabled", true, "true");

/// EventBridge Pipes API Reference, PipeSourceKinesisStreamParameters `MaximumRetryAttempts`: "The default value is -1, which sets
/// the maximum number of retries to infinite."
pub static PIPE_ATTEMPTS_DEFAULT: Default<f64> =
    Default::of("EventBridge Pipes", "MaximumRetryAttempts", f64::INFINITY, "-1, for ever");
/// The same, `MaximumRecordAgeInSeconds`: "The default value is -1, which sets the maximum age to infinite."
pub static PIPE_MAX_AGE_DEFAULT: Default<f64> =
    Default::of("EventBridge Pipes", "MaximumRecordAgeInSeconds", f64::INFINITY, "-1, for ever");
/// The same, `OnPartialBatchItemFailure`: AUTOMATIC_BISECT is its only value, and it is not required.
pub static PIPE_BISECT_DEFAULT: Default<bool> =
    Default::of("EventBridge Pipes", "OnPartialBatchItemFailure", false, "none");

/// AWS::CloudWatch::Alarm `TreatMissingData`: "If you omit this parameter, the default behavior of missing is used."
pub static MISSING_DATA_DEFAULT: Default<&str> =
    Default::of("CloudWatch", "TreatMissingData", "missing", "missing");
/// AWS::CloudWatch::Alarm `ActionsEnabled`: "The default is TRUE."
pub static ACTIONS_ENABLED_DEFAULT: Default<bool> = Default::of("CloudWatch", "ActionsEnabled", true, "true");

/// AWS::ApiGateway::Method Integration `TimeoutInMillis`: "The default value is 29,000 milliseconds or 29 seconds."
pub static REST_TIMEOUT_DEFAULT: Default<f64> = Default::of("API Gateway", "TimeoutInMillis", 29.0, "29 s");
/// AWS::ApiGatewayV2::Integration `TimeoutInMillis`: "The default timeout is 29 seconds for WebSocket APIs and 30 seconds for HTTP
/// APIs."
pub static HTTP_TIMEOUT_DEFAULT: Default<f64> = Default::of("API Gateway", "TimeoutInMillis", 30.0, "30 s");
