"""Typical uses of boto3, against the server at KVS_URL. boto3.test.ts creates the streams and their footage."""

import datetime
import os
import unittest
import urllib.request

import boto3
import botocore.config
import botocore.exceptions

URL = os.environ["KVS_URL"]
START = int(os.environ["KVS_START"])
CONFIG = botocore.config.Config(retries={"total_max_attempts": 1}, read_timeout=20)


def client(service, **more):
    return boto3.client(service, endpoint_url=URL, config=CONFIG, **more)


def span(start, end, clock="PRODUCER_TIMESTAMP"):
    return {"FragmentSelectorType": clock, "TimestampRange": {"StartTimestamp": start, "EndTimestamp": end}}


def instant(seconds):
    return datetime.datetime.fromtimestamp(seconds, tz=datetime.timezone.utc)


class Control(unittest.TestCase):
    def setUp(self):
        self.control = client("kinesisvideo")

    def test_life_of_a_stream(self):
        arn = self.control.create_stream(StreamName="py-1", DataRetentionInHours=2, Tags={"place": "yard"})["StreamARN"]
        info = self.control.describe_stream(StreamName="py-1")["StreamInfo"]
        self.assertEqual((info["StreamARN"], info["Status"], info["DataRetentionInHours"]), (arn, "ACTIVE", 2))
        self.assertEqual(int(info["CreationTime"].timestamp() * 1000), int(arn.rsplit("/", 1)[1]))
        self.assertRegex(info["Version"], r"^[a-zA-Z0-9]{20}$")
        self.control.update_stream(StreamARN=arn, CurrentVersion=info["Version"], MediaType="video/h264")
        with self.assertRaises(self.control.exceptions.VersionMismatchException):
            self.control.update_stream(StreamARN=arn, CurrentVersion=info["Version"], MediaType="video/h265")
        with self.assertRaises(self.control.exceptions.ResourceInUseException):
            self.control.create_stream(StreamName="py-1")
        self.control.tag_stream(StreamName="py-1", Tags={"floor": "2"})
        self.control.untag_stream(StreamName="py-1", TagKeyList=["place", "nothing"])
        self.assertEqual(self.control.list_tags_for_stream(StreamName="py-1")["Tags"], {"floor": "2"})
        self.control.delete_stream(StreamARN=arn)
        with self.assertRaises(self.control.exceptions.ResourceNotFoundException) as caught:
            self.control.describe_stream(StreamARN=arn)
        self.assertEqual(caught.exception.response["ResponseMetadata"]["HTTPStatusCode"], 404)
        self.assertRegex(caught.exception.response["ResponseMetadata"]["RequestId"], r"^[0-9a-f-]{36}$")

    def test_paginator_and_condition(self):
        pages = self.control.get_paginator("list_streams").paginate(PaginationConfig={"PageSize": 1})
        names = [stream["StreamName"] for page in pages for stream in page["StreamInfoList"] if not stream["StreamName"].startswith("py-")]
        self.assertEqual(names, ["annex-b", "cam", "live-only", "vp9"])
        condition = {"ComparisonOperator": "BEGINS_WITH", "ComparisonValue": "ca"}
        self.assertEqual(len(self.control.list_streams(StreamNameCondition=condition)["StreamInfoList"]), 1)

    def test_what_botocore_does_not_check_is_refused(self):
        for arguments in ({"StreamName": "a b"}, {}, {"StreamARN": "arn:aws:kinesisvideo:nowhere"}):
            with self.assertRaises(self.control.exceptions.InvalidArgumentException):
                self.control.describe_stream(**arguments)
        with self.assertRaises(self.control.exceptions.InvalidArgumentException):
            self.control.list_streams(MaxResults=20000)
        with self.assertRaises(self.control.exceptions.InvalidArgumentException):
            self.control.get_data_endpoint(StreamName="cam", APIName="BOGUS")

    def test_data_endpoint(self):
        self.assertEqual(self.control.get_data_endpoint(StreamName="cam", APIName="GET_CLIP")["DataEndpoint"], URL)


class Archived(unittest.TestCase):
    def setUp(self):
        self.archived = client("kinesis-video-archived-media")

    def fragments(self, **paging):
        paginator = self.archived.get_paginator("list_fragments")
        pages = paginator.paginate(StreamName="cam", FragmentSelector=span(START, START + 60), PaginationConfig=paging)
        return [fragment for page in pages for fragment in page["Fragments"]]

    def test_clip_by_datetime_and_by_number(self):
        by_date = self.archived.get_clip(StreamName="cam", ClipFragmentSelector=span(instant(START), instant(START + 60)))
        self.assertEqual(by_date["ContentType"], "video/mp4")
        payload = by_date["Payload"].read()
        self.assertEqual((payload[4:8], len(payload)), (b"ftyp", int(by_date["ResponseMetadata"]["HTTPHeaders"]["content-length"])))
        by_number = self.archived.get_clip(StreamName="cam", ClipFragmentSelector=span(START, START + 60))
        self.assertEqual(by_number["Payload"].read(), payload)

    def test_clip_in_chunks_and_given_up(self):
        body = self.archived.get_clip(StreamName="cam", ClipFragmentSelector=span(START, START + 60))["Payload"]
        self.assertEqual(sum(len(chunk) for chunk in body.iter_chunks(1000)), int(body._content_length))
        for _ in range(20):
            body = self.archived.get_clip(StreamName="cam", ClipFragmentSelector=span(START, START + 60))["Payload"]
            body.read(10)
            body.close()

    def test_fragments_page_by_page(self):
        whole = self.fragments()
        self.assertEqual(len(whole), 4)
        self.assertEqual(self.fragments(PageSize=1), whole)
        self.assertEqual(self.fragments(PageSize=3, MaxItems=2), whole[:2])
        starts = [fragment["ProducerTimestamp"].timestamp() - START for fragment in whole]
        self.assertEqual(starts, sorted(starts))
        self.assertTrue(all(fragment["FragmentLengthInMilliseconds"] > 900 for fragment in whole))
        self.assertTrue(all(isinstance(fragment["FragmentNumber"], str) for fragment in whole))

    def test_media_of_fragments(self):
        numbers = [fragment["FragmentNumber"] for fragment in self.fragments()]
        answer = self.archived.get_media_for_fragment_list(StreamName="cam", Fragments=numbers[:2])
        media = answer["Payload"].read()
        self.assertEqual((answer["ContentType"], media[:4]), ("video/webm", b"\x1a\x45\xdf\xa3"))
        self.assertEqual([number.encode() in media for number in numbers], [True, True, False, False])

    def test_errors_by_their_classes(self):
        errors = self.archived.exceptions
        here, far = span(START, START + 60), span(START + 1000, START + 1060)
        for stream, selector, error in (
            ("cam", far, errors.ResourceNotFoundException),
            ("none", here, errors.ResourceNotFoundException),
            ("live-only", here, errors.NoDataRetentionException),
            ("vp9", here, errors.UnsupportedStreamMediaTypeException),
            ("annex-b", here, errors.InvalidCodecPrivateDataException),
            ("cam", span(START + 60, START), errors.InvalidArgumentException),
            ("cam", span(START, START + 60, "BOGUS"), errors.InvalidArgumentException),
        ):
            with self.subTest(stream=stream, selector=selector):
                with self.assertRaises(error) as caught:
                    self.archived.get_clip(StreamName=stream, ClipFragmentSelector=selector)
                self.assertNotEqual(caught.exception.response["Error"]["Message"], "")

    def test_hls_session(self):
        session = self.archived.get_hls_streaming_session_url(
            StreamName="cam", PlaybackMode="ON_DEMAND", HLSFragmentSelector=span(START, START + 60), Expires=300
        )
        with urllib.request.urlopen(session["HLSStreamingSessionURL"]) as playlist:
            self.assertEqual((playlist.status, playlist.read(7)), (200, b"#EXTM3U"))
        with self.assertRaises(self.archived.exceptions.InvalidArgumentException):
            self.archived.get_hls_streaming_session_url(StreamName="cam", PlaybackMode="ON_DEMAND")

    def test_unknown_credentials(self):
        if os.environ.get("KVS_SIGNED") != "1":
            self.skipTest("the server asks for no signature")
        stranger = client("kinesis-video-archived-media", aws_access_key_id="AKIDOTHER", aws_secret_access_key="x")
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            stranger.get_clip(StreamName="cam", ClipFragmentSelector=span(START, START + 60))
        self.assertEqual(caught.exception.response["Error"]["Code"], "UnrecognizedClientException")


class Media(unittest.TestCase):
    def test_from_each_start(self):
        media = client("kinesis-video-media")
        archived = client("kinesis-video-archived-media")
        listed = archived.list_fragments(StreamName="cam", FragmentSelector=span(START, START + 60))["Fragments"]
        numbers = [fragment["FragmentNumber"] for fragment in listed]
        for selector, first in (
            ({"StartSelectorType": "EARLIEST"}, 0),
            ({"StartSelectorType": "PRODUCER_TIMESTAMP", "StartTimestamp": listed[2]["ProducerTimestamp"]}, 2),
            ({"StartSelectorType": "FRAGMENT_NUMBER", "AfterFragmentNumber": numbers[0]}, 1),
            ({"StartSelectorType": "CONTINUATION_TOKEN", "ContinuationToken": numbers[1]}, 2),
        ):
            with self.subTest(selector=selector):
                payload = media.get_media(StreamName="cam", StartSelector=selector)["Payload"]
                seen = b""
                while numbers[3].encode() not in seen:
                    seen += payload.read(1)
                payload.close()
                self.assertEqual([number.encode() in seen for number in numbers], [index >= first for index in range(4)])


if __name__ == "__main__":
    unittest.main()
