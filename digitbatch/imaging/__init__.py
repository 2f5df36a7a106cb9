"""Operations on pictures that know nothing of pages."""
