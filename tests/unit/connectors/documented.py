"""The types that the platforms' documentation names: each is said to be something."""

from typing import Final

#: By the connector, names as `on` lists them; the first part stands for a family.
DOCUMENTED: Final = {
    # What their exports hold.
    "orbit": "member",
    "stackexchange": "post.question post.answer comments vote.accepted vote.up vote.down users posthistory",
    "zoom": "attended waited absent",
    "bluesky": """
        account app.bsky.actor.profile.* app.bsky.actor.status.* app.bsky.feed.generator.*
        app.bsky.feed.like.create app.bsky.feed.like.delete app.bsky.feed.post.create
        app.bsky.feed.post.delete app.bsky.feed.postgate.* app.bsky.feed.repost.create
        app.bsky.feed.repost.delete app.bsky.feed.threadgate.* app.bsky.graph.block.*
        app.bsky.graph.follow.* app.bsky.graph.list.* app.bsky.graph.listblock.*
        app.bsky.graph.listitem.* app.bsky.graph.starterpack.* app.bsky.graph.verification.*
        app.bsky.labeler.service.* app.bsky.notification.declaration.* chat.bsky.* feed.repost identity
    """,
    "discord": """
        APPLICATION_AUTHORIZED APPLICATION_COMMAND_PERMISSIONS_UPDATE APPLICATION_DEAUTHORIZED
        AUTO_MODERATION_ACTION_EXECUTION AUTO_MODERATION_RULE_CREATE AUTO_MODERATION_RULE_DELETE
        AUTO_MODERATION_RULE_UPDATE CHANNEL_CREATE CHANNEL_DELETE CHANNEL_INFO CHANNEL_PINS_UPDATE
        CHANNEL_UPDATE ENTITLEMENT_CREATE ENTITLEMENT_DELETE ENTITLEMENT_UPDATE
        GAME_DIRECT_MESSAGE_CREATE GAME_DIRECT_MESSAGE_DELETE GAME_DIRECT_MESSAGE_UPDATE
        GUILD_AUDIT_LOG_ENTRY_CREATE GUILD_BAN_ADD GUILD_BAN_REMOVE GUILD_CREATE GUILD_DELETE
        GUILD_EMOJIS_UPDATE GUILD_INTEGRATIONS_UPDATE GUILD_MEMBERS_CHUNK GUILD_MEMBER_ADD
        GUILD_MEMBER_REMOVE GUILD_MEMBER_UPDATE GUILD_ROLE_CREATE GUILD_ROLE_DELETE GUILD_ROLE_UPDATE
        GUILD_SCHEDULED_EVENT_CREATE GUILD_SCHEDULED_EVENT_DELETE GUILD_SCHEDULED_EVENT_UPDATE
        GUILD_SCHEDULED_EVENT_USER_ADD GUILD_SCHEDULED_EVENT_USER_REMOVE GUILD_SOUNDBOARD_SOUNDS_UPDATE
        GUILD_SOUNDBOARD_SOUND_CREATE GUILD_SOUNDBOARD_SOUND_DELETE GUILD_SOUNDBOARD_SOUND_UPDATE
        GUILD_STICKERS_UPDATE GUILD_UPDATE HELLO INTEGRATION_CREATE INTEGRATION_DELETE
        INTEGRATION_UPDATE INTERACTION_CREATE INVALID_SESSION INVITE_CREATE INVITE_DELETE
        LOBBY_MESSAGE_CREATE LOBBY_MESSAGE_DELETE LOBBY_MESSAGE_UPDATE MESSAGE_CREATE MESSAGE_DELETE
        MESSAGE_DELETE_BULK MESSAGE_POLL_VOTE_ADD MESSAGE_POLL_VOTE_REMOVE MESSAGE_REACTION_ADD
        MESSAGE_REACTION_REMOVE MESSAGE_REACTION_REMOVE_ALL MESSAGE_REACTION_REMOVE_EMOJI MESSAGE_UPDATE
        PRESENCE_UPDATE QUEST_USER_ENROLLMENT RATE_LIMITED READY RECONNECT RESUMED SOUNDBOARD_SOUNDS
        STAGE_INSTANCE_CREATE STAGE_INSTANCE_DELETE STAGE_INSTANCE_UPDATE SUBSCRIPTION_CREATE
        SUBSCRIPTION_DELETE SUBSCRIPTION_UPDATE THREAD_CREATE THREAD_DELETE THREAD_LIST_SYNC
        THREAD_MEMBERS_UPDATE THREAD_MEMBER_UPDATE THREAD_UPDATE TYPING_START USER_UPDATE
        VOICE_CHANNEL_EFFECT_SEND VOICE_SERVER_UPDATE VOICE_STATE_UPDATE WEBHOOKS_UPDATE
    """,
    "discourse": """
        accepted_solution assigned category_created category_destroyed category_updated
        chat_message_created chat_message_edited chat_message_restored chat_message_trashed
        group_created group_destroyed group_updated notification_created post_created post_destroyed
        post_edited post_liked post_recovered reviewable_created reviewable_updated tag_created
        tag_destroyed tag_updated topic_created topic_destroyed topic_edited topic_recovered
        topic_unvote topic_upvote unaccepted_solution unassigned user_added_to_group user_anonymized
        user_approved user_badge_granted user_badge_revoked user_confirmed_email user_created
        user_destroyed user_logged_in user_logged_out user_promoted user_removed_from_group
        user_suspended user_unsuspended user_updated
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
    "freshdesk": """
        note.private note.public property status survey ticket.created ticket.deleted ticket.updated
    """,
    "github": """
        branch_protection_configuration branch_protection_rule check_run check_suite code_scanning_alert
        commit_comment create custom_property custom_property_values delete dependabot_alert deploy_key
        deployment deployment_protection_rule deployment_review deployment_status discussion
        discussion_comment fork github_app_authorization gollum installation installation_repositories
        installation_target issue_comment issue_dependencies issue_relates_to issues label
        marketplace_purchase member membership merge_group meta milestone org_block organization package
        page_build personal_access_token_request ping project project_card project_column projects_v2
        projects_v2_item projects_v2_status_update public pull_request pull_request_review
        pull_request_review_comment pull_request_review_thread push registry_package release repository
        repository_advisory repository_dispatch repository_import repository_ruleset
        repository_vulnerability_alert secret_scanning_alert secret_scanning_alert_location
        secret_scanning_scan security_advisory security_and_analysis sponsorship star status sub_issues
        team team_add watch workflow_dispatch workflow_job workflow_run
    """,
    "gitlab": """
        access_token build deployment emoji feature_flag gitlab_subscription_member_approval
        gitlab_subscription_member_approvals group_create group_destroy group_rename issue key_create
        key_destroy merge_request milestone note pipeline project_create project_destroy project_rename
        project_transfer project_update push release repository_update subgroup_create subgroup_destroy
        tag_push user_access_request_denied_for_group user_access_request_denied_for_project
        user_access_request_revoked_for_group user_access_request_revoked_for_project
        user_access_request_to_group user_access_request_to_project user_add_to_group user_add_to_team
        user_create user_destroy user_failed_login user_remove_from_group user_remove_from_team
        user_rename user_update_for_group user_update_for_team vulnerability wiki_page work_item
    """,
    "intercom": """
        admin.activity_log_event.created admin.added_to_workspace admin.away_mode_updated
        admin.logged_in admin.logged_out admin.removed_from_workspace api.request.completed
        article.created article.deleted article.published article.unpublished article.updated audience
        call.ended call.recording_available call.started call.transcription_available
        company.contact.attached company.contact.detached company.created company.deleted
        company.updated contact.archived contact.deleted contact.email.updated contact.lead.added_email
        contact.lead.created contact.lead.signed_up contact.lead.tag.created contact.lead.tag.deleted
        contact.lead.updated contact.merged contact.subscribed contact.unarchive contact.unsubscribed
        contact.user.created contact.user.tag.created contact.user.tag.deleted contact.user.updated
        content_import_source content_snippet content_stat.banner content_stat.carousel
        content_stat.chat content_stat.checklist content_stat.custom_bot content_stat.email
        content_stat.news_item content_stat.post content_stat.push content_stat.series
        content_stat.series.webhook content_stat.sms content_stat.survey content_stat.tooltip_group
        content_stat.tour conversation.admin.assigned conversation.admin.closed conversation.admin.noted
        conversation.admin.open.assigned conversation.admin.opened conversation.admin.replied
        conversation.admin.single.created conversation.admin.snoozed conversation.admin.unsnoozed
        conversation.company.updated conversation.contact.attached conversation.contact.detached
        conversation.deleted conversation.operator.replied conversation.priority.updated
        conversation.rating.added conversation.read conversation.user.created conversation.user.replied
        conversation_part.redacted conversation_part.tag.created data_connector.execution.completed
        event.created granular.subscribe granular.unsubscribe job.completed ping
        procedure.hitl_notification.created ticket.admin.assigned ticket.admin.replied
        ticket.attribute.updated ticket.closed ticket.contact.attached ticket.contact.detached
        ticket.contact.replied ticket.created ticket.note.created ticket.rating.provided ticket.resolved
        ticket.state.updated ticket.team.assigned visitor.signed_up
    """,
    "luma": """
        calendar.event.added calendar.person.subscribed event.canceled event.created event.updated
        guest.registered guest.updated ticket.registered
    """,
    "mastodon": """
        Accept Add Announce Application Arrive Article Audio Block Collection CollectionPage Create
        Delete Dislike Document Event Flag Follow Group Ignore Image Invite Join Leave Like Link Listen
        Mention Move Note Offer OrderedCollection OrderedCollectionPage Organization Page Person Place
        Profile Question Read Reject Relationship Remove Service TentativeAccept TentativeReject
        Tombstone Travel Undo Update Video View account.approved account.created account.updated
        notification.admin.report notification.admin.sign_up notification.annual_report
        notification.favourite notification.follow notification.follow_request notification.mention
        notification.moderation_warning notification.poll notification.quote notification.quoted_update
        notification.reblog notification.severed_relationships notification.status notification.update
        report.created report.updated status.created status.updated
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
    "segment": "alias group identify page screen track",
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
    "slack": """
        app_deleted app_home_opened app_installed app_mention app_rate_limited app_uninstalled
        channel_archive channel_created channel_deleted channel_history_changed channel_id_changed
        channel_left channel_rename channel_shared channel_unarchive channel_unshared dnd_updated
        dnd_updated_user email_domain_changed emoji_changed file_change file_created file_deleted
        file_public file_shared file_unshared group_archive group_close group_deleted
        group_history_changed group_left group_open group_rename group_unarchive im_close im_created
        im_history_changed im_open link_shared member_joined_channel member_left_channel message
        message_metadata_deleted message_metadata_posted message_metadata_updated pin_added pin_removed
        reaction_added reaction_removed resources_added resources_removed scope_denied scope_granted
        star_added star_removed subteam_created subteam_members_changed subteam_self_added
        subteam_self_removed subteam_updated team_access_granted team_access_revoked team_domain_change
        team_join team_rename tokens_revoked url_verification user_change user_huddle_changed
        user_profile_changed user_status_changed
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
    "zendesk": """
        agent.channel_created agent.channel_deleted agent.groups_updated agent.max_capacity_changed
        agent.state_changed agent.unified_state_changed agent.work_item_added agent.work_item_removed
        agent.work_item_updated article.author_changed article.comment_changed article.comment_created
        article.comment_published article.comment_unpublished article.published
        article.subscription_created article.unpublished article.vote_changed article.vote_created
        article.vote_removed community_post.changed community_post.comment_changed
        community_post.comment_created community_post.comment_published
        community_post.comment_unpublished community_post.comment_vote_changed
        community_post.comment_vote_created community_post.created community_post.published
        community_post.subscription_created community_post.unpublished community_post.vote_changed
        community_post.vote_created community_post.vote_removed messaging_live_metrics
        messaging_ticket.message_added omnichannel_config.omnichannel_routing_feature_changed
        organization.created organization.custom_field_changed organization.deleted
        organization.external_id_changed organization.name_changed organization.tags_changed
        ticket.agent_assignment_changed ticket.attachment_linked_to_comment
        ticket.attachment_redacted_from_comment ticket.brand_changed ticket.comment_added
        ticket.comment_made_private ticket.comment_redacted ticket.created ticket.custom_field_changed
        ticket.custom_status_changed ticket.description_changed ticket.email_ccs_changed
        ticket.external_id_changed ticket.followers_changed ticket.form_changed
        ticket.group_assignment_changed ticket.marked_as_spam ticket.merged ticket.organization_changed
        ticket.permanently_deleted ticket.priority_changed ticket.problem_link_changed
        ticket.requester_changed ticket.soft_deleted ticket.status_changed ticket.subject_changed
        ticket.submitter_changed ticket.tags_changed ticket.task_due_at_changed ticket.type_changed
        ticket.undeleted user.active_changed user.alias_changed user.created user.custom_field_changed
        user.custom_role_changed user.default_group_changed user.deleted user.details_changed
        user.external_id_changed user.group_membership_created user.group_membership_deleted
        user.identity_changed user.identity_created user.identity_deleted user.last_login_changed
        user.merged user.name_changed user.notes_changed user.only_private_comments_changed
        user.organization_membership_created user.organization_membership_deleted user.password_changed
        user.photo_changed user.role_changed user.suspended_changed user.tags_changed
        user.time_zone_changed
    """,
}
