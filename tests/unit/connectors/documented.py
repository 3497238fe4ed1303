"""The types that the platforms' documentation names: each is said to be something."""

from typing import Final

#: By the connector, names as `on` lists them; the first part stands for a family.
DOCUMENTED: Final = {
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
