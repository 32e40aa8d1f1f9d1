"""Settings of every process. All of it comes from the environment; see `docs/operations.md`."""

import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from core.roles import LOGIN_ROLES, NONE, database_variable
from travelcheck.environment import Environment, Problem
from travelcheck.stack.folders import local_folder
from travelcheck.stack.local import environment_for

BASE_DIR = Path(__file__).resolve().parent.parent

# ------------------------------------------------------------------ which process this is
SERVICE_ROLE = os.environ.get("SERVICE_ROLE", "web")
if not any(name.startswith("DATABASE_") for name in os.environ):
    # Nothing is configured: this is a checkout with the embedded servers beside it.
    os.environ.update(environment_for(SERVICE_ROLE))

env = Environment(SERVICE_ROLE)
if SERVICE_ROLE not in (*LOGIN_ROLES, NONE):
    env.problems.append(Problem("SERVICE_ROLE", " or ".join((*LOGIN_ROLES, NONE))))
CONFIGURATION_PROBLEMS = env.problems

DEMO = env.flag("DEMO")
DEBUG = False

# ------------------------------------------------------------------ secrets, by process
HANDLES_PEOPLE = SERVICE_ROLE in ("web", "worker", "ingest")
HAS_PAGES = SERVICE_ROLE in ("web", "auditor")
SECRET_KEY = env.text(
    "SECRET_KEY",
    "unused",
    required=HAS_PAGES or SERVICE_ROLE == "worker",
    what="50 or more random characters",
)
DATA_KEY = env.key("DATA_KEY", needed=HANDLES_PEOPLE or HAS_PAGES)
SIGNALING_KEY = env.key("SIGNALING_KEY", needed=SERVICE_ROLE == "ingest")
AUDIT_SIGNING_KEY = env.key("AUDIT_SIGNING_KEY", needed=SERVICE_ROLE == "sequencer")
ANSWER_SIGNING_KEY = env.key("ANSWER_SIGNING_KEY", needed=SERVICE_ROLE == "worker")
# Published ahead of its turn, so that whoever checks answers knows it by then.
ANSWER_SIGNING_KEY_NEXT = env.key(
    "ANSWER_SIGNING_KEY_NEXT",
    needed=SERVICE_ROLE == "worker" and bool(env.text("ANSWER_SIGNING_KEY_NEXT")),
)

# Without it `/metrics` is not there for anybody.
METRICS_TOKEN = env.text("METRICS_TOKEN") if SERVICE_ROLE == "web" else ""

# ------------------------------------------------------------------ servers
DATABASES = {
    "default": {"ENGINE": "django.db.backends.dummy"}
    if SERVICE_ROLE == NONE
    else env.database(database_variable(SERVICE_ROLE))
}
REDIS_URL = env.text(
    "REDIS_URL",
    required=HANDLES_PEOPLE,
    what="redis://host:6379/0 or unix:///path/to/socket",
)
SIGNALING_STORE = Path(env.text("SIGNALING_STORE", str(local_folder() / "signaling")))

# ------------------------------------------------------------------ the service
SERVICE_TIME_ZONE = env.time_zone("SERVICE_TIME_ZONE", "Asia/Shanghai")
PUBLIC_BASE_URL = env.base_url(
    "PUBLIC_BASE_URL", "http://127.0.0.1:8000", secure=not DEMO and HANDLES_PEOPLE
)
# Where the auditors' process is reached: behind a proxy at the same address.
OVERSIGHT_BASE_URL = env.base_url("OVERSIGHT_BASE_URL", PUBLIC_BASE_URL, secure=False)
AUDIT_ORIGIN_HOST = urlsplit(PUBLIC_BASE_URL).hostname or "localhost"
# Who must have cosigned the log before anything is released. What counts is what
# `manage.py audit_policy` made of it in the database.
AUDIT_WITNESSES = env.policy("AUDIT_WITNESSES", needed=SERVICE_ROLE in ("sequencer", "owner"))

# With the sandbox every visitor texts and reads as any number: a default in the demo only.
SMS_PROVIDER = env.choice(
    "SMS_PROVIDER",
    ("sandbox", "twilio", "smpp"),
    "sandbox",
    required=SERVICE_ROLE in ("web", "worker") and not DEMO,
)
SMS_NUMBER = env.text(
    "SMS_NUMBER",
    "10086" if SMS_PROVIDER == "sandbox" else "",
    required=SMS_PROVIDER != "sandbox" and HANDLES_PEOPLE,
    what="the number people text, in E.164 or a short one",
)
SMS_NUMBER_B = env.text("SMS_NUMBER_B")
SMS_ROUTES = env.text("SMS_ROUTES")
USES_TWILIO = "twilio" in f"{SMS_PROVIDER} {SMS_ROUTES}" and SERVICE_ROLE in ("web", "worker")
TWILIO_ACCOUNT_SID = env.text(
    "TWILIO_ACCOUNT_SID",
    required=USES_TWILIO and SERVICE_ROLE == "worker",  # who only takes texts in needs the token
    what="AC and 32 hexadecimal digits",
)
TWILIO_AUTH_TOKEN = env.text(
    "TWILIO_AUTH_TOKEN", required=USES_TWILIO, what="the account's auth token"
)
# While the token is changed: webhooks signed with the one before are taken too.
TWILIO_AUTH_TOKEN_OLD = env.text("TWILIO_AUTH_TOKEN_OLD")
TWILIO_MESSAGING_SERVICE_SID = env.text("TWILIO_MESSAGING_SERVICE_SID")
TWILIO_B_ACCOUNT_SID = env.text("TWILIO_B_ACCOUNT_SID")
TWILIO_B_AUTH_TOKEN = env.text("TWILIO_B_AUTH_TOKEN")
TWILIO_B_AUTH_TOKEN_OLD = env.text("TWILIO_B_AUTH_TOKEN_OLD")
TWILIO_B_MESSAGING_SERVICE_SID = env.text("TWILIO_B_MESSAGING_SERVICE_SID")
TWILIO_API_BASE_URL = env.text("TWILIO_API_BASE_URL", "https://api.twilio.com")
TWILIO_HANDLES_KEYWORDS = env.flag("TWILIO_HANDLES_KEYWORDS")
# Only the processes that hold a bind are given its address, for the password is in it.
SMPP_URLS = {"smpp": env.text("SMPP_URL"), "smpp_b": env.text("SMPP_B_URL")}
SMPP_SOCKETS = Path(env.text("SMPP_SOCKETS", str(local_folder() / "run")))
SMPP_BIND = env.choice("SMPP_BIND", ("split", "transceiver"), "split", required=False)
SMPP_LONG_TEXTS = env.choice("SMPP_LONG_TEXTS", ("udh", "payload"), "udh", required=False)
SMPP_SYSTEM_TYPE = env.text("SMPP_SYSTEM_TYPE")
SMPP_CA_FILE = env.text("SMPP_CA_FILE")
SMPP_WINDOW = env.number("SMPP_WINDOW", 10, least=1)
SMPP_NATIONAL_PREFIX = env.text("SMPP_NATIONAL_PREFIX")
# A number of ours from which a text to it comes back as one from it: the probe.
SMS_PROBE_NUMBER = env.text("SMS_PROBE_NUMBER")
# How much goes out. Prices are thousandths of the budget's unit, for each segment, by prefix.
SMS_COUNTRIES = env.text("SMS_COUNTRIES")
SMS_PER_SECOND = env.number("SMS_PER_SECOND", 0, least=0)
SMS_PER_NUMBER_DAY = env.number("SMS_PER_NUMBER_DAY", 200, least=1)
SMS_PER_COUNTRY_HOUR = env.text("SMS_PER_COUNTRY_HOUR")
SMS_PER_ORGANISATION_DAY = env.number("SMS_PER_ORGANISATION_DAY", 10_000, least=1)
SMS_PRICES = env.text("SMS_PRICES", "*:50")
SMS_BUDGET_PER_DAY = env.number("SMS_BUDGET_PER_DAY", 0, least=0)
# What the gateway calls, by dotted path: it knows no room above it.
SMS_MARKS = "inquiry.intake.marks"
# How long a text of a kind is worth sending; others a day. Codes are dead after half an hour.
SMS_LIVES = {
    "notice": timedelta(minutes=30),
    "code": timedelta(minutes=30),
    "page_code": timedelta(minutes=10),
    "help": timedelta(hours=1),
    "reply": timedelta(hours=6),
}
SMS_INBOUND_HANDLER = "inquiry.services.handle_text"
SMS_HOLD = "consent.gate.hold"
SMS_PROGRESS_LISTENER = "inquiry.progress.text_progressed"
# What is kept how long, as a person's own page tells it.
RETENTION_RULES = "travelcheck.retention.RULES"
SANDBOX_PHONES: list[dict[str, str]] = []
if DEMO:
    from demo.people import SANDBOX_PHONES as DEMO_PHONES

    SANDBOX_PHONES = DEMO_PHONES

# How long a person's own OK stands, and how long a stay must be to count as a visit: longer than
# the 3 hours within which the stay rule joins what it saw.
CONSENT_VALID_DAYS = env.number("CONSENT_VALID_DAYS", 30, least=1)
MINIMUM_STAY_HOURS = env.number("MINIMUM_STAY_HOURS", 4, least=4)
# Who runs the service, as records of consents name them; the country is of ISO 3166-1.
OPERATOR_NAME = env.text("OPERATOR_NAME", "travelcheck")
OPERATOR_CONTACT = env.text("OPERATOR_CONTACT", "text HELP")
OPERATOR_COUNTRY = env.text("OPERATOR_COUNTRY", "CN")
# Whether TRIP must carry the last four characters of the holder's ID; they are kept, as a keyed
# hash, from the first load of subscriptions with this set.
ID_CHECK = env.flag("ID_CHECK")
# How long a day still takes events after it ended: raw events are kept that long.
SIGNALING_STORE_ENCRYPTED = env.flag("SIGNALING_STORE_ENCRYPTED")  # below what we can see
SIGNALING_LATENESS_HOURS = env.number("SIGNALING_LATENESS_HOURS", 48, least=0)
# How long an organisation's question may wait for its person. Without an answer by then it is not
# released, whatever the reason. Long enough to fall outside the quiet hours.
REQUEST_OPEN_HOURS = env.number("REQUEST_OPEN_HOURS", 24, least=12)
# By how many working days (Monday to Friday) a visit that a person says is wrong has been looked
# at, or sooner, when it leaves the window before.
DISPUTE_WORKING_DAYS = env.number("DISPUTE_WORKING_DAYS", 5, least=1)
# What protects people from being asked too much: hours (in the service's time zone) in which nobody
# is asked, hours from one question of an organisation about a person to its next, and how many
# organisations may ask one person on one day.
QUIET_HOURS = env.hours("QUIET_HOURS", "none" if DEMO else "22-8")
COOL_DOWN_HOURS = env.number("COOL_DOWN_HOURS", 24, least=1)
ASKERS_PER_DAY = env.number("ASKERS_PER_DAY", 3, least=1)
# The language of a notice to somebody who never texted: a catalogue's code.
NOTICE_LANGUAGE = env.text("NOTICE_LANGUAGE", "en")
SWEEP_SECONDS = env.number("SWEEP_SECONDS", 5, least=1)
# Signed answers: how long one is valid, and what is enough data to say that somebody was nowhere
# else: so many of the days asked about, each observed in so many different hours.
ANSWER_VALID_HOURS = env.number("ANSWER_VALID_HOURS", 48, least=1)
ANSWER_COVERED_DAYS_PERCENT = env.number("ANSWER_COVERED_DAYS_PERCENT", 90, least=1)
ANSWER_COVERED_HOURS = env.number("ANSWER_COVERED_HOURS", 6, least=1)

# ------------------------------------------------------------------ Django
INSTALLED_APPS = [
    "django.contrib.staticfiles",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "rest_framework",
    "drf_spectacular",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "travelcheck",
    "oversight",
    "subject_access",
    "inquiry",
    "verification",
    "disputes",
    "organisations",
    "accounts",
    "consent",
    "signaling",
    "subscribers",
    "sms_gateway",
    "audit",
    "core",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.SessionRules",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
ROOT_URLCONF = "travelcheck.oversight_urls" if SERVICE_ROLE == "auditor" else "travelcheck.urls"
WSGI_APPLICATION = "travelcheck.wsgi.application"
ALLOWED_HOSTS = [AUDIT_ORIGIN_HOST, *(["127.0.0.1", "localhost"] if DEMO else [])]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
# A file of people to be asked is held in memory, never on disk; a larger one is not taken at all.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_100_000
APPEND_SLASH = True

# ------------------------------------------------------------------ organisations' software
REST_FRAMEWORK = {
    # Closed by default: a view that says nothing is for nobody.
    "DEFAULT_AUTHENTICATION_CLASSES": ["organisations.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["organisations.authentication.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["verification.api.throttles.CallThrottle"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "verification.api.problems.handler",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Travelcheck",
    "DESCRIPTION": "Ask people, who decide, and get signed answers. See docs/api.md.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENABLE_DJANGO_DEPLOY_CHECK": False,
}

# ------------------------------------------------------------------ people with a log-in
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{VALIDATION}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{VALIDATION}.CommonPasswordValidator"},
    {
        "NAME": f"{VALIDATION}.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "account_login"  # the adapter knows where whom
SESSION_ENGINE = "accounts.session_store"
SESSION_COOKIE_AGE = 30 * 60  # without a page
SESSION_LIFE_SECONDS = 12 * 3600  # since the log-in
SESSION_SAVE_EVERY_REQUEST = True
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SECURE = not DEMO
SESSION_COOKIE_NAME = "session" if DEMO else "__Host-session"
SESSION_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
# Attempts to log in are counted for all processes together. Without Redis nobody logs in.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL or "redis://unused",
        "KEY_PREFIX": "web",
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
}

ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # an account is made by a link sent to its address
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False  # the others end; this one gets a new id
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_DEFAULT_HTTP_PROTOCOL = urlsplit(PUBLIC_BASE_URL).scheme or "https"
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXIES", 0 if DEMO else 1, least=0)
MFA_ADAPTER = "accounts.adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Travelcheck"
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_RECOVERY_CODE_DIGITS = 10
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEMO

# The web process stores e-mails; the worker sends them.
EMAIL_BACKEND = "accounts.mail.OutboxBackend"
MAIL_SERVER = env.mail_server(
    "MAIL_URL",
    f"file://{local_folder() / 'mail'}" if DEMO else "",
    needed=SERVICE_ROLE == "worker",
)
DEFAULT_FROM_EMAIL = env.text("MAIL_FROM", f"no-reply@{AUDIT_ORIGIN_HOST}")

# ------------------------------------------------------------------ what browsers may do
SECURE_SSL_REDIRECT = False  # the proxy in front ends TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 0 if DEMO else 31_536_000
# To our own pages alone; with none at all, browsers hide the origin of our own forms from us.
SECURE_REFERRER_POLICY = "same-origin"
CSRF_COOKIE_SECURE = not DEMO
OWN_PAGE_COOKIE = "own-page" if DEMO else "__Host-own-page"
CSRF_COOKIE_SAMESITE = "Strict"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        # A log-in leads auditors to their process; in the demo that is another port.
        "form-action": [
            "'self'",
            *sorted({OVERSIGHT_BASE_URL, OVERSIGHT_BASE_URL.replace("127.0.0.1", "localhost")}),
        ],
        "frame-ancestors": ["'none'"],
    }
}

LOGGING_CONFIG = "core.logs.configure"
LOGGING = {"role": SERVICE_ROLE}
