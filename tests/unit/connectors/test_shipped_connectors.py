"""The connectors that come with Plaudit: their cases, the data, and the page that lists each type."""

import os
import re
from pathlib import Path

import orjson
import pytest
from jsonschema import Draft202012Validator

from connectors.cases import deliveries_of, delivery_of, failures, stands
from connectors.compiled import is_of
from connectors.engine import Delivery, challenge_answer, checked, map_delivery, recognise, settings_of
from connectors.exports.contents import Text
from connectors.exports.cutting import find
from connectors.listing import becomes
from connectors.reading import read_connector
from connectors.shipped import connector, files
from shared.contracts.activities import ACTIVITY_TYPES
from shared.located_yaml import read_yaml
from tests.unit.connectors.examples import RECEIVED
from tools.connectors import with_connectors

ROOT = Path(__file__).parents[3]
SHARED_DATA = Path(os.environ.get("PLAUDIT_SHARED_DATA", "../shared/data"))
PLATFORMS = SHARED_DATA / "platforms"
needs_platforms = pytest.mark.skipif(not PLATFORMS.is_dir(), reason=f"{PLATFORMS} is not there")
NAMES = sorted(files())
#: What each file of the data becomes; what is not named is no_engagement.
MAPPED = {
    "discourse": {
        "accepted_solution": ["forum.answer_accepted.v1", "activity.restored.v1"],
        "post_created": ["forum.post.v1"],
        "post_liked": ["chat.reaction.v1"],
        "topic_destroyed": ["activity.retracted.v1"],
        "user_created": ["member.joined.v1"],
    },
    # Shops and payments of the data are all tests: they earn nothing.
    "shopify": {},
    "slack": {
        "member_joined_channel": ["member.joined.v1"],
        "message_deleted": ["activity.retracted.v1"],
        "message_file_share": ["chat.message.v1"],
        "message_file_share_2": ["chat.message.v1"],
        "message_from_user": ["chat.message.v1"],
        "message_with_blocks": ["chat.message.v1"],
    },
    "stripe": {},
}
#: Files that are headers alone, and shapes without a value.
NO_DELIVERY = {"headers_retry_example.json"}
BLANK = {"shape_MemberJoinedChannel", "shape_ReactionAdded", "shape_AppRateLimited", "shape_MessageChannelJoin"}


@pytest.mark.parametrize("name", NAMES)
def test_its_cases_hold(name):
    found = connector(name)
    assert found.name == name
    assert len(found.document.cases) >= (5 if found.document.signature.scheme == "not_delivered" else 15)
    assert failures(found) == []


@pytest.mark.parametrize("name", NAMES)
def test_what_stands_is_the_same_in_any_order(name):
    found = connector(name)
    for case in found.document.cases:
        if case.delivery is None and case.stands is not None:
            outcomes = [map_delivery(found, one) for one in deliveries_of(found, case)]
            activities = [activity for outcome in outcomes for activity in outcome.activities]
            for turned in range(len(activities)):
                told = activities[turned:] + activities[:turned]
                assert sorted(stands(told)) == sorted(stands(told[::-1])) == sorted(case.stands), case.case


@pytest.mark.parametrize("name", NAMES)
def test_ids_are_the_same_when_it_is_delivered_again(name):
    found = connector(name)
    for case in found.document.cases:
        for said in case.deliveries or [one for one in [case.delivery] if one is not None]:
            first, again = delivery_of(said), delivery_of(said)
            headers = dict(again.headers) | {"x-discourse-event-id": "another", "x-slack-retry-num": "1"}
            [one, two] = [
                map_delivery(found, each) for each in (first, Delivery(headers, again.body, again.received))
            ]
            assert one.activities == two.activities


@pytest.mark.parametrize("name", NAMES)
def test_its_types_are_types(name):
    told = {kind for one in becomes(connector(name)) for kind in one.activities}
    assert told <= {*ACTIVITY_TYPES, "retracts", "restores"}


@pytest.mark.parametrize("name", NAMES)
def test_every_case_is_recognised(name):
    known = [connector(each) for each in NAMES]
    for case in connector(name).document.cases:
        if case.files is not None and case.outcome == "mapped":
            found = find(known, [Text(file, text) for file, text in case.files.items()])
            assert [one.connector.name for one in found] == [name], case.case
            continue
        for delivery in deliveries_of(connector(name), case) if case.outcome != "invalid" else ():
            if delivery.headers or case.outcome == "mapped":
                assert [one.name for one in recognise(known, delivery.headers, delivery.body)] == [name], case.case


@pytest.mark.parametrize("name", NAMES)
def test_a_type_is_mapped_or_said_to_be_nothing_or_not_yet_and_only_one_of_them(name):
    listed = becomes(connector(name))
    events = [one.event for one in listed]
    assert len(events) == len(set(events))
    assert all(one.why for one in listed if one.state != "mapped")


#: What the platforms' documentation names.
DOCUMENTED = {
    # What their exports hold.
    "orbit": "member",
    "stackexchange": "post.question post.answer comments vote.accepted vote.up vote.down users posthistory",
    "zoom": "attended waited absent",
    "slack": """
        app_deleted app_home_opened app_installed app_mention app_rate_limited app_uninstalled
        channel_archive channel_created channel_deleted channel_history_changed channel_id_changed
        channel_left channel_rename channel_shared channel_unarchive channel_unshared dnd_updated
        dnd_updated_user email_domain_changed emoji_changed file_change file_created file_deleted
        file_public file_shared file_unshared group_archive group_close group_deleted
        group_history_changed group_left group_open group_rename group_unarchive im_close im_created
        im_history_changed im_open link_shared member_joined_channel member_left_channel message
        message_metadata_deleted message_metadata_posted message_metadata_updated pin_added
        pin_removed reaction_added reaction_removed resources_added resources_removed scope_denied
        scope_granted star_added star_removed subteam_created subteam_members_changed
        subteam_self_added subteam_self_removed subteam_updated team_access_granted
        team_access_revoked team_domain_change team_join team_rename tokens_revoked url_verification
        user_change user_huddle_changed user_profile_changed user_status_changed
    """,
    "github": """
        branch_protection_configuration branch_protection_rule check_run check_suite
        code_scanning_alert commit_comment create custom_property custom_property_values delete
        dependabot_alert deploy_key deployment deployment_protection_rule deployment_review
        deployment_status discussion discussion_comment fork github_app_authorization gollum
        installation installation_repositories installation_target issue_comment issue_dependencies
        issue_relates_to issues label marketplace_purchase member membership merge_group meta
        milestone org_block organization package page_build personal_access_token_request ping
        project project_card project_column projects_v2 projects_v2_item projects_v2_status_update
        public pull_request pull_request_review pull_request_review_comment
        pull_request_review_thread push registry_package release repository repository_advisory
        repository_dispatch repository_import repository_ruleset repository_vulnerability_alert
        secret_scanning_alert secret_scanning_alert_location secret_scanning_scan security_advisory
        security_and_analysis sponsorship star status sub_issues team team_add watch
        workflow_dispatch workflow_job workflow_run
    """,
    "discourse": """
        topic_created topic_edited topic_destroyed topic_recovered post_created post_edited
        post_destroyed post_recovered user_logged_in user_logged_out user_confirmed_email
        user_created user_approved user_updated user_destroyed user_suspended user_unsuspended
        user_anonymized group_created group_updated group_destroyed category_created
        category_updated category_destroyed tag_created tag_updated tag_destroyed reviewable_created
        reviewable_updated notification_created accepted_solution unaccepted_solution assigned
        unassigned user_badge_granted user_badge_revoked user_added_to_group user_removed_from_group
        post_liked user_promoted topic_upvote topic_unvote chat_message_created chat_message_edited
        chat_message_trashed chat_message_restored
    """,
    "eventbrite": """
        test attendee.checked_in attendee.checked_out attendee.updated barcode.checked_in
        barcode.un_checked_in event.created event.published event.updated event.unpublished order.placed
        order.refunded order.updated organizer.updated ticket_class.created ticket_class.deleted
        ticket_class.updated venue.updated
    """,
    "formbricks": """
        responseCreated responseUpdated responseFinished testEndpoint
    """,
    "luma": """
        calendar.event.added calendar.person.subscribed event.canceled event.created event.updated
        guest.registered guest.updated ticket.registered
    """,
    "pretix": """
        pretix.event.order.placed pretix.event.order.placed.require_approval pretix.event.order.paid
        pretix.event.order.canceled pretix.event.order.reactivated pretix.event.order.expired
        pretix.event.order.expirychanged pretix.event.order.modified pretix.event.order.contact.changed
        pretix.event.order.changed.item pretix.event.order.deleted pretix.event.order.refund.created
        pretix.event.order.refund.created.externally pretix.event.order.refund.requested
        pretix.event.order.refund.done pretix.event.order.refund.canceled pretix.event.order.refund.failed
        pretix.event.order.payment.confirmed pretix.event.order.approved pretix.event.order.denied
        pretix.event.orders.waitinglist.added pretix.event.orders.waitinglist.changed
        pretix.event.orders.waitinglist.deleted pretix.event.orders.waitinglist.voucher_assigned
        pretix.event.checkin pretix.event.checkin.reverted pretix.event.added pretix.event.changed
        pretix.event.deleted pretix.subevent.added pretix.subevent.changed pretix.subevent.deleted
        pretix.event.item.added pretix.event.live.activated pretix.event.live.deactivated
        pretix.event.testmode.activated pretix.event.testmode.deactivated pretix.voucher.added
        pretix.voucher.changed pretix.voucher.deleted pretix.customer.created pretix.customer.changed
        pretix.customer.anonymized
    """,
    "shopify": """
        app/scopes_update app/uninstalled app_purchases_one_time/update
        app_subscriptions/approaching_capped_amount app_subscriptions/update audit_events/admin_api_activity
        bulk_operations/finish carts/create carts/update channels/delete
        checkout_and_accounts_configurations/update checkouts/create checkouts/delete checkouts/update
        collection_listings/add collection_listings/remove collection_listings/update
        collection_publications/create collection_publications/delete collection_publications/update
        collections/create collections/delete collections/update companies/create companies/delete
        companies/update company_contact_roles/assign company_contact_roles/revoke company_contacts/create
        company_contacts/delete company_contacts/update company_locations/create company_locations/delete
        company_locations/update customer.joined_segment customer.left_segment customer.tags_added
        customer.tags_removed customer_account_settings/update customer_groups/create customer_groups/delete
        customer_groups/update customer_payment_methods/create customer_payment_methods/revoke
        customer_payment_methods/update customers/create customers/data_request customers/delete
        customers/disable customers/enable customers/merge customers/purchasing_summary customers/redact
        customers/update customers_email_marketing_consent/update customers_marketing_consent/update
        delivery_promise_settings/update discounts/create discounts/delete discounts/redeemcode_added
        discounts/redeemcode_removed discounts/update disputes/create disputes/update domains/create
        domains/destroy domains/update draft_orders/create draft_orders/delete draft_orders/update
        finance_app_staff_member/delete finance_app_staff_member/grant finance_app_staff_member/revoke
        finance_app_staff_member/update fulfillment_events/create fulfillment_events/delete
        fulfillment_holds/added fulfillment_holds/released fulfillment_orders/cancellation_request_accepted
        fulfillment_orders/cancellation_request_rejected fulfillment_orders/cancellation_request_submitted
        fulfillment_orders/cancelled fulfillment_orders/fulfillment_request_accepted
        fulfillment_orders/fulfillment_request_rejected fulfillment_orders/fulfillment_request_submitted
        fulfillment_orders/fulfillment_service_failed_to_complete fulfillment_orders/hold_released
        fulfillment_orders/line_items_prepared_for_local_delivery
        fulfillment_orders/line_items_prepared_for_pickup
        fulfillment_orders/manually_reported_progress_stopped fulfillment_orders/merged
        fulfillment_orders/moved fulfillment_orders/order_routing_complete fulfillment_orders/placed_on_hold
        fulfillment_orders/progress_reported fulfillment_orders/rescheduled
        fulfillment_orders/scheduled_fulfillment_order_ready fulfillment_orders/split fulfillments/create
        fulfillments/update inventory_items/create inventory_items/delete inventory_items/update
        inventory_levels/connect inventory_levels/disconnect inventory_levels/update locales/create
        locales/destroy locales/update locations/activate locations/create locations/deactivate
        locations/delete locations/update machine_translation_batch/completed metafield_definitions/create
        metafield_definitions/delete metafield_definitions/update metaobjects/create metaobjects/delete
        metaobjects/update order_transactions/create orders/cancelled orders/create orders/delete
        orders/edited orders/fulfilled orders/link_requested orders/paid orders/partially_fulfilled
        orders/risk_assessment_changed orders/shopify_protect_eligibility_changed orders/updated
        payment_schedules/due payment_terms/create payment_terms/delete payment_terms/update
        product_feeds/create product_feeds/full_sync product_feeds/full_sync_finish
        product_feeds/incremental_sync product_feeds/update product_listings/add product_listings/remove
        product_listings/update product_publications/create product_publications/delete
        product_publications/update products/create products/delete products/update profiles/create
        profiles/delete profiles/update publications/delete refunds/create returns/approve returns/cancel
        returns/close returns/decline returns/process returns/reopen returns/request returns/update
        reverse_deliveries/attach_deliverable reverse_fulfillment_orders/dispose
        scheduled_product_listings/add scheduled_product_listings/remove scheduled_product_listings/update
        segments/create segments/delete segments/update selling_plan_groups/create
        selling_plan_groups/delete selling_plan_groups/update shop/redact shop/update
        subscription_billing_attempts/challenged subscription_billing_attempts/failure
        subscription_billing_attempts/success subscription_billing_cycle_edits/create
        subscription_billing_cycle_edits/delete subscription_billing_cycle_edits/update
        subscription_billing_cycles/skip subscription_billing_cycles/unskip subscription_contracts/activate
        subscription_contracts/cancel subscription_contracts/create subscription_contracts/expire
        subscription_contracts/fail subscription_contracts/pause subscription_contracts/update
        tax_partners/update tax_services/create tax_services/update tax_summaries/create
        tender_transactions/create themes/create themes/delete themes/publish themes/update
        variants/in_stock variants/out_of_stock
    """,
    "stripe": """
        account.application.authorized account.application.deauthorized account.external_account.created
        account.external_account.deleted account.external_account.updated account.updated
        account_notice.created account_notice.updated application_fee.created application_fee.refund.updated
        application_fee.refunded balance.available balance_settings.updated billing.alert.triggered
        billing.credit_balance_transaction.created billing.credit_grant.created billing.credit_grant.updated
        billing.meter.created billing.meter.deactivated billing.meter.reactivated billing.meter.updated
        billing_portal.configuration.created billing_portal.configuration.updated
        billing_portal.session.created capability.updated capital.financing_offer.accepted
        capital.financing_transaction.created cash_balance.funds_available charge.captured
        charge.dispute.closed charge.dispute.created charge.dispute.funds_reinstated
        charge.dispute.funds_withdrawn charge.dispute.updated charge.expired charge.failed charge.pending
        charge.refund.updated charge.refunded charge.succeeded charge.updated
        checkout.session.async_payment_failed checkout.session.async_payment_succeeded
        checkout.session.completed checkout.session.expired climate.order.canceled climate.order.created
        climate.order.delayed climate.order.delivered climate.order.product_substituted
        climate.product.created climate.product.pricing_updated coupon.created coupon.deleted coupon.updated
        credit_note.created credit_note.updated credit_note.voided customer.created customer.deleted
        customer.discount.created customer.discount.deleted customer.discount.updated
        customer.source.created customer.source.deleted customer.source.expiring customer.source.updated
        customer.subscription.collection_paused customer.subscription.collection_resumed
        customer.subscription.created customer.subscription.custom_event customer.subscription.deleted
        customer.subscription.paused customer.subscription.pending_update_applied
        customer.subscription.pending_update_expired customer.subscription.resumed
        customer.subscription.trial_will_end customer.subscription.updated customer.tax_id.created
        customer.tax_id.deleted customer.tax_id.updated customer.updated
        customer_cash_balance_transaction.created entitlements.active_entitlement_summary.updated
        file.created financial_connections.account.created financial_connections.account.deactivated
        financial_connections.account.disconnected financial_connections.account.reactivated
        financial_connections.account.refreshed_balance financial_connections.session.updated
        identity.verification_session.canceled identity.verification_session.created
        identity.verification_session.processing identity.verification_session.redacted
        identity.verification_session.requires_input identity.verification_session.verified invoice.created
        invoice.deleted invoice.finalization_failed invoice.finalized invoice.marked_uncollectible
        invoice.overdue invoice.overpaid invoice.paid invoice.payment_action_required
        invoice.payment_attempt_required invoice.payment_failed invoice.payment_succeeded invoice.sent
        invoice.upcoming invoice.updated invoice.voided invoice.will_be_due invoice_payment.paid
        invoiceitem.created invoiceitem.deleted invoiceitem.updated issuing_authorization.created
        issuing_authorization.request issuing_authorization.updated issuing_card.created
        issuing_card.updated issuing_cardholder.created issuing_cardholder.updated issuing_dispute.closed
        issuing_dispute.created issuing_dispute.funds_reinstated issuing_dispute.submitted
        issuing_dispute.updated issuing_personalization_design.activated issuing_token.created
        issuing_token.updated issuing_transaction.created issuing_transaction.updated mandate.updated
        order.created payment_intent.amount_capturable_updated payment_intent.canceled
        payment_intent.created payment_intent.partially_funded payment_intent.payment_failed
        payment_intent.processing payment_intent.requires_action payment_intent.succeeded
        payment_link.created payment_link.updated payment_method.attached
        payment_method.automatically_updated payment_method.detached payment_method.updated payout.canceled
        payout.created payout.failed payout.paid payout.reconciliation_completed payout.updated
        person.created person.deleted person.updated plan.created plan.deleted plan.updated price.created
        price.deleted price.updated product.created product.deleted product.updated promotion_code.created
        promotion_code.updated quote.accept_failed quote.accepted quote.accepting quote.canceled
        quote.created quote.draft quote.finalized quote.reestimated quote.stale
        radar.early_fraud_warning.created radar.early_fraud_warning.updated recipient.created
        recipient.deleted recipient.updated refund.created refund.failed refund.updated
        reporting.report_run.failed reporting.report_run.succeeded reporting.report_type.updated
        review.closed review.opened setup_intent.canceled setup_intent.created setup_intent.requires_action
        setup_intent.setup_failed setup_intent.succeeded sigma.scheduled_query_run.created sku.created
        sku.deleted sku.updated source.canceled source.chargeable source.failed source.mandate_notification
        source.refund_attributes_required source.transaction.created source.transaction.updated
        subscription_schedule.aborted subscription_schedule.canceled subscription_schedule.completed
        subscription_schedule.created subscription_schedule.expiring subscription_schedule.released
        subscription_schedule.updated tax.form.updated tax.settings.updated tax_rate.created
        tax_rate.updated terminal.reader.action_failed terminal.reader.action_succeeded
        terminal.reader.action_updated test_helpers.test_clock.advancing test_helpers.test_clock.created
        test_helpers.test_clock.deleted test_helpers.test_clock.internal_failure
        test_helpers.test_clock.ready topup.canceled topup.created topup.failed topup.reversed
        topup.succeeded transfer.created transfer.reversed transfer.updated treasury.credit_reversal.created
        treasury.financial_account.closed treasury.inbound_transfer.created treasury.outbound_payment.posted
        treasury.outbound_transfer.returned treasury.received_credit.created treasury.received_debit.created
    """,
    "surveymonkey": """
        response_completed response_updated response_disqualified response_created response_deleted
        response_overquota survey_created survey_updated survey_deleted collector_created collector_updated
        collector_deleted app_installed app_uninstalled
    """,
    "typeform": """
        form_response form_response_partial
    """,
}


@pytest.mark.parametrize("name", NAMES)
def test_every_documented_type_is_said_to_be_something(name):
    listed = {one.event for one in becomes(connector(name))}
    families = {event.partition(".")[0] for event in listed}
    said = [kind for kind in DOCUMENTED[name].split() if kind not in families]
    assert [kind for kind in said if not any(is_of(kind, event) for event in listed)] == []


def test_the_page_lists_each_type():
    page = (ROOT / "docs" / "connectors.md").read_text()
    assert page == with_connectors(page), "docs/connectors.md is not what connectors/ says; run `make schemas`"
    functions = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert {"key", "first_of", "html_text"} <= functions


@needs_platforms
@pytest.mark.parametrize("name", sorted(set(MAPPED) & {path.name for path in PLATFORMS.glob("*")}))
def test_the_data_become_what_they_should(name):
    found = connector(name)
    known = [connector(each) for each in NAMES]
    for file in sorted(set((PLATFORMS / name).glob("*.json")) - {PLATFORMS / name / only for only in NO_DELIVERY}):
        if file.stem in BLANK:  # every value is, so that nothing can come of it but where it belongs
            continue
        read = orjson.loads(file.read_bytes())
        has_headers = {"headers", "body"} <= set(read)
        headers = {key.lower(): str(value) for key, value in read["headers"].items()} if has_headers else {}
        body = read["body"] if has_headers else read
        outcome = checked(map_delivery(found, Delivery(headers, body, RECEIVED), settings_of(found)))
        expected = MAPPED[name].get(file.stem)
        if expected is None:
            assert outcome.state == "no_engagement", (file.name, outcome)
        else:
            assert [activity["type"] for activity in outcome.activities] == expected, (file.name, outcome)
        assert recognise(known, headers, body) == [found], file.name


STRANGE = (None, [], {}, "", "x", 0, -1, 1.5, True, [None], {"id": None}, "9" * 400)


def with_each_changed(value):
    """The value with each part of it, at any depth, replaced by something strange, one at a time."""
    yield from STRANGE
    parts = (
        list(value.items())
        if isinstance(value, dict)
        else list(enumerate(value))
        if isinstance(value, list)
        else []
    )
    for key, part in parts:
        for other in with_each_changed(part):
            changed = dict(value) if isinstance(value, dict) else list(value)
            changed[key] = other
            yield changed


@pytest.mark.parametrize("name", NAMES)
def test_a_strange_value_anywhere_fails_that_delivery_and_nothing_else(name):
    found = connector(name)
    settings = settings_of(found)
    states = set()
    cases = [case for case in found.document.cases if case.outcome != "invalid"][:12]
    for delivery in [one for case in cases for one in deliveries_of(found, case)[:1]]:
        for body in with_each_changed(delivery.body):
            if isinstance(body, dict):
                outcome = map_delivery(found, Delivery(delivery.headers, body, delivery.received), settings)
                assert outcome.reason or outcome.activities
                states.add(str(outcome.state))
    assert states >= {"mapped", "no_engagement", "invalid"}


def test_slack_is_answered_when_it_tries_the_address():
    body = {"token": "t", "challenge": "3eZbrw1a", "type": "url_verification"}
    assert challenge_answer(connector("slack"), Delivery({}, body, RECEIVED)) == {"challenge": "3eZbrw1a"}
    assert challenge_answer(connector("slack"), Delivery({}, {"type": "event_callback"}, RECEIVED)) is None


@pytest.mark.parametrize("name", NAMES)
def test_an_editor_takes_it_by_the_published_schema(name):
    schema = orjson.loads((ROOT / "schemas" / "connector.schema.json").read_bytes())
    text = files()[name].read_text()
    assert text.startswith("# yaml-language-server: $schema=../schemas/connector.schema.json\n")
    document = read_yaml(text).value
    check = Draft202012Validator(schema)
    assert [error.message for error in check.iter_errors(document)] == []
    assert list(check.iter_errors(document | {"titel": "x"}))
    assert list(check.iter_errors(document | {"mappings": [{"on": ["x y"], "no_engagement": "why"}]}))


def test_the_pages_example_is_a_connector_whose_case_holds():
    page = (ROOT / "docs" / "connectors.md").read_text()
    example, exports = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    found = read_connector(example)
    assert (len(found.document.cases), failures(found)) == (1, [])
    assert [len(one.files) for one in read_connector(example + exports).exports] == [1]
