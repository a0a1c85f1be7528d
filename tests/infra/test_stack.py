"""What the buckets, queues, table, functions and alarms must be, whatever else changes in the template."""

import json

import pytest

from pressrun.core.report import PREVIEW_DAYS, PREVIEWS

from .stack import FUNCTIONS, KEY, QUEUES, properties, resources, the, translated

BUCKETS = ["ContentBucket", "RegisterBucket", "SiteBucket"]


def refuses_plain_http(policy: dict[str, object]) -> bool:
    statements = policy["Statement"]
    assert isinstance(statements, list)
    return any(
        statement["Effect"] == "Deny" and statement["Principal"] == "*" and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        for statement in statements
    )


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_bucket_is_versioned_encrypted_private_and_refuses_plain_http(bucket: str) -> None:
    settings = properties("AWS::S3::Bucket")[bucket]
    assert settings["VersioningConfiguration"] == {"Status": "Enabled"}
    [encryption] = settings["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert set(settings["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(settings["PublicAccessBlockConfiguration"]) == 4
    assert settings["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    [policy] = [each for each in properties("AWS::S3::BucketPolicy").values() if each["Bucket"] == settings["BucketName"]]
    assert refuses_plain_http(policy["PolicyDocument"])


def test_a_key_of_ones_own_encrypts_what_is_not_public() -> None:
    used = {
        name: bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"] for name, bucket in properties("AWS::S3::Bucket", KmsKeyArn=KEY).items()
    }
    own = [{"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}}]
    assert used == {"ContentBucket": own, "RegisterBucket": own, "SiteBucket": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}


@pytest.mark.parametrize("bucket", ["ContentBucket", "RegisterBucket"])
def test_the_content_and_the_register_outlive_the_stack_but_not_one_that_failed_at_its_creation(bucket: str) -> None:
    resource = resources("AWS::S3::Bucket")[bucket]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert not the("AWS::DynamoDB::Table").get("DeletionProtectionEnabled")


@pytest.mark.parametrize(("bucket", "days"), [("ContentBucket", 365), ("SiteBucket", 30)])
def test_old_versions_and_unfinished_uploads_are_forgotten_and_current_objects_never(bucket: str, days: int) -> None:
    [rule] = [each for each in properties("AWS::S3::Bucket")[bucket]["LifecycleConfiguration"]["Rules"] if "Prefix" not in each]
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": days}
    assert "AbortIncompleteMultipartUpload" in rule
    assert not {"ExpirationInDays", "ExpirationDate", "Transitions"} & set(rule)


def test_a_preview_is_deleted_after_a_week_and_nothing_else_ever_is() -> None:
    rules = [rule for bucket in properties("AWS::S3::Bucket").values() for rule in bucket.get("LifecycleConfiguration", {}).get("Rules", [])]
    [expiring] = [rule for rule in rules if "ExpirationInDays" in rule]
    assert (expiring["Prefix"], expiring["ExpirationInDays"]) == (PREVIEWS, PREVIEW_DAYS)
    assert expiring["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}


def test_every_upload_and_delete_notifies_uploads_and_no_report_does() -> None:
    notified = properties("AWS::S3::Bucket")["ContentBucket"]["NotificationConfiguration"]["QueueConfigurations"]
    prefixes = ["articles/", "pages/", "authors/", "issues/", "media/", "site.toml"]
    assert sorted((each["Event"], each["Filter"]["S3Key"]["Rules"][0]["Value"]) for each in notified) == sorted(
        (event, prefix) for event in ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"] for prefix in prefixes
    )
    assert {each["Queue"] for each in notified} == {"arn:aws:sqs:us-east-1:123456789012:pressrun-uploads"}
    # What feeds validate and what validate writes have no key in common: else each report would ask for another one.
    assert not any("reports/".startswith(prefix) or prefix.startswith("reports/") for prefix in prefixes)


def test_every_change_of_the_site_bucket_notifies_changed() -> None:
    notified = properties("AWS::S3::Bucket")["SiteBucket"]["NotificationConfiguration"]["QueueConfigurations"]
    queue = "arn:aws:sqs:us-east-1:123456789012:pressrun-changed"
    assert notified == [{"Event": "s3:ObjectCreated:*", "Queue": queue}, {"Event": "s3:ObjectRemoved:*", "Queue": queue}]


@pytest.mark.parametrize("queue", QUEUES)
def test_a_queue_gives_up_after_five_times_and_keeps_what_failed_for_two_weeks(queue: str) -> None:
    queues = {each["QueueName"]: each for each in properties("AWS::SQS::Queue").values()}
    dead = f"pressrun-{queue}-dead"
    assert queues[f"pressrun-{queue}"]["RedrivePolicy"] == {
        "deadLetterTargetArn": f"arn:aws:sqs:us-east-1:123456789012:{dead}",
        "maxReceiveCount": 5,
    }
    assert queues[dead]["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_a_queue_is_encrypted_standard_and_takes_the_largest_message() -> None:
    queues = properties("AWS::SQS::Queue")
    assert len(queues) == 2 * len(QUEUES)
    for queue in queues.values():
        assert queue["SqsManagedSseEnabled"] is True
        assert not {"FifoQueue", "MaximumMessageSize"} & set(queue)


def test_every_queue_has_one_policy_and_refuses_plain_http() -> None:
    policies = properties("AWS::SQS::QueuePolicy").values()
    # A second policy for a queue would replace the first without a word.
    assert sorted(queue for policy in policies for queue in policy["Queues"]) == sorted(
        queue["QueueName"] for queue in properties("AWS::SQS::Queue").values()
    )
    assert all(refuses_plain_http(policy["PolicyDocument"]) for policy in policies)


@pytest.mark.parametrize(("queue", "bucket"), [("uploads", "content"), ("changed", "site")])
def test_one_bucket_of_this_account_sends_to_the_queue_and_nothing_else(queue: str, bucket: str) -> None:
    [policy] = [each for each in properties("AWS::SQS::QueuePolicy").values() if each["Queues"] == [f"pressrun-{queue}"]]
    [allowed] = [statement for statement in policy["PolicyDocument"]["Statement"] if statement["Effect"] == "Allow"]
    assert (allowed["Principal"], allowed["Action"]) == ({"Service": "s3.amazonaws.com"}, "sqs:SendMessage")
    assert allowed["Condition"] == {
        "ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::pressrun-{bucket}"},
        "StringEquals": {"aws:SourceAccount": "123456789012"},
    }


def test_a_bucket_that_notifies_waits_until_its_queue_would_let_it() -> None:
    buckets = resources("AWS::S3::Bucket")
    assert [buckets[id_].get("DependsOn") for id_ in BUCKETS] == ["UploadsQueuePolicy", None, "ChangedQueuePolicy"]


def test_the_table_is_recoverable_and_has_one_sparse_index() -> None:
    table = the("AWS::DynamoDB::Table")
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}
    assert [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]] == [("pk", "HASH"), ("sk", "RANGE")]
    [index] = table["GlobalSecondaryIndexes"]
    assert index["IndexName"] == "dirty"
    assert [(key["AttributeName"], key["KeyType"]) for key in index["KeySchema"]] == [("shard", "HASH"), ("since", "RANGE")]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_its_own_module_and_logs_json_for_thirty_days(name: str) -> None:
    function = properties("AWS::Lambda::Function")[f"{name.capitalize()}Function"]
    assert function["FunctionName"] == f"pressrun-{name}"
    assert function["Handler"] == f"pressrun.{name}.handler"
    assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"])
    assert function["TracingConfig"] == {"Mode": "Active"}
    assert function["LoggingConfig"] == {"LogFormat": "JSON", "LogGroup": f"/aws/lambda/pressrun-{name}"}
    assert properties("AWS::Logs::LogGroup")[f"{name.capitalize()}Log"] == {"LogGroupName": f"/aws/lambda/pressrun-{name}", "RetentionInDays": 30}
    variables = function["Environment"]["Variables"]
    assert (variables["POWERTOOLS_SERVICE_NAME"], variables["POWERTOOLS_METRICS_NAMESPACE"], variables["EDITION"]) == (name, "Pressrun", "local")


@pytest.mark.parametrize(
    ("queue", "name", "batch", "window"),
    [
        ("uploads", "validate", 50, 1),
        ("articles", "render", 50, 1),
        ("lists", "index", 1000, "ListsWindow"),
        ("changed", "invalidate", 1000, "ChangedWindow"),
    ],
)
def test_a_queue_feeds_its_function_and_hides_a_batch_for_as_long_as_it_may_take(queue: str, name: str, batch: int, window: int | str) -> None:
    longest = translated()["Parameters"][window]["MaxValue"] if isinstance(window, str) else window
    [mapping] = [each for each in properties("AWS::Lambda::EventSourceMapping").values() if each["EventSourceArn"].endswith(f":pressrun-{queue}")]
    assert mapping["FunctionName"] == f"pressrun-{name}"
    assert mapping["BatchSize"] == batch
    assert int(mapping["MaximumBatchingWindowInSeconds"]) <= longest <= 300
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"]["MaximumConcurrency"] >= 2
    [hidden] = [each["VisibilityTimeout"] for each in properties("AWS::SQS::Queue").values() if each["QueueName"] == f"pressrun-{queue}"]
    assert hidden >= 6 * properties("AWS::Lambda::Function")[f"{name.capitalize()}Function"]["Timeout"] + longest


def test_the_windows_are_what_the_parameters_say() -> None:
    mappings = properties("AWS::Lambda::EventSourceMapping", ListsWindow="7", ChangedWindow="11")
    windows = {each["EventSourceArn"].rsplit(":", 1)[1]: each["MaximumBatchingWindowInSeconds"] for each in mappings.values()}
    assert (windows["pressrun-lists"], windows["pressrun-changed"]) == ("7", "11")


def test_the_sweep_runs_every_minute() -> None:
    rule = the("AWS::Events::Rule")
    assert rule["ScheduleExpression"] == "rate(1 minute)"
    assert [target["Arn"] for target in rule["Targets"]] == ["arn:aws:lambda:us-east-1:123456789012:function:pressrun-sweep"]


def test_the_event_bus_has_the_name_of_the_stack_and_only_who_sends_is_told_it() -> None:
    assert the("AWS::Events::EventBus", Name="meridian") == {"Name": "meridian"}
    buses = {id_: each["Environment"]["Variables"].get("EVENT_BUS") for id_, each in properties("AWS::Lambda::Function").items()}
    assert {id_: bus for id_, bus in buses.items() if bus} == {"ValidateFunction": "pressrun", "RenderFunction": "pressrun"}


def test_lists_may_be_left_to_their_ttl() -> None:
    for choice in ["purge", "expire"]:
        invalidate = properties("AWS::Lambda::Function", FreshLists=choice)["InvalidateFunction"]
        assert invalidate["Environment"]["Variables"]["PURGE_LISTS"] == choice


def test_two_stacks_of_different_names_share_no_name() -> None:
    named = [
        *(
            (type_, key)
            for type_, key in [("AWS::S3::Bucket", "BucketName"), ("AWS::SQS::Queue", "QueueName"), ("AWS::DynamoDB::Table", "TableName")]
        ),
        *((type_, key) for type_, key in [("AWS::Lambda::Function", "FunctionName"), ("AWS::CloudFront::Function", "Name")]),
    ]
    for type_, key in named:
        for each in properties(type_, Name="meridian").values():
            assert each[key].startswith("meridian-")
    assert "pressrun-" not in json.dumps([properties(type_, Name="meridian") for type_, _ in named])


@pytest.mark.parametrize("queue", QUEUES)
def test_a_dead_letter_and_a_message_that_waits_a_quarter_of_an_hour_raise_alarms(queue: str) -> None:
    alarms = properties("AWS::CloudWatch::Alarm").values()
    watched = {(each["MetricName"], each["Dimensions"][0]["Value"]): each["Threshold"] for each in alarms}
    assert watched["ApproximateNumberOfMessagesVisible", f"pressrun-{queue}-dead"] == 0
    assert watched["ApproximateAgeOfOldestMessage", f"pressrun-{queue}"] == 900


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_that_fails_raises_an_alarm_but_the_sweep_only_where_it_goes_on_longer_than_a_deploy(name: str) -> None:
    alarms = properties("AWS::CloudWatch::Alarm").values()
    [alarm] = [each for each in alarms if (each["MetricName"], each["Dimensions"][0]["Value"]) == ("Errors", f"pressrun-{name}")]
    assert (alarm["Threshold"], alarm["Period"], alarm["EvaluationPeriods"]) == (0, 60, 5 if name == "sweep" else 1)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_may_send_itself_what_it_has_no_time_for_as_often_as_it_takes(name: str) -> None:
    assert properties("AWS::Lambda::Function")[f"{name.capitalize()}Function"]["RecursiveLoop"] == "Allow"


def test_a_sweep_that_never_ran_raises_an_alarm() -> None:
    alarm = properties("AWS::CloudWatch::Alarm")["SweepStoppedAlarm"]
    assert (alarm["ComparisonOperator"], alarm["Threshold"], alarm["TreatMissingData"]) == ("LessThanThreshold", 1, "breaching")


def test_alarms_go_to_the_topic_that_is_given_and_nowhere_without_one() -> None:
    topic = "arn:aws:sns:us-east-1:123456789012:newsroom"
    assert all(alarm["AlarmActions"] == [topic] for alarm in properties("AWS::CloudWatch::Alarm", AlarmTopicArn=topic).values())
    assert not any(alarm.get("AlarmActions") for alarm in properties("AWS::CloudWatch::Alarm").values())
