SELECT payload FROM legacy_sessions WHERE user_id = 7;
