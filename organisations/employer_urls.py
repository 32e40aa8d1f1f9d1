from django.urls import path

from organisations.views import home, invitation, keys, members

app_name = "employers"
HERE = "<uuid:organisation_id>/"
urlpatterns = [
    path("", home.home, name="home"),
    path("apply/", home.apply, name="apply"),
    path("apply/sent/", home.applied, name="applied"),
    path("invitations/<str:token>/", invitation.invitation, name="invitation"),
    path(HERE, home.organisation, name="organisation"),
    path(f"{HERE}leave/", members.leave, name="leave"),
    path(f"{HERE}members/", members.members, name="members"),
    path(f"{HERE}members/<uuid:membership_id>/role/", members.change_role, name="change_role"),
    path(f"{HERE}members/<uuid:membership_id>/remove/", members.remove, name="remove_member"),
    path(
        f"{HERE}invitations/<uuid:invitation_id>/revoke/",
        members.revoke_invitation,
        name="revoke_invitation",
    ),
    path(f"{HERE}keys/", keys.keys, name="keys"),
    path(f"{HERE}keys/<uuid:key_id>/rotate/", keys.rotate, name="rotate_key"),
    path(f"{HERE}keys/<uuid:key_id>/revoke/", keys.revoke, name="revoke_key"),
]
