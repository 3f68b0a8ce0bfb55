package javax.annotation;

/** What the generator writes over each class. It is no part of Java any more, and every project brings it. */
public @interface Generated {
    String value();

    String date();

    String comments();
}
